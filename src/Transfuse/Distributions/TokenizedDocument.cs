using Transfuse.Tokenization;

namespace Transfuse.Distributions;

/// <summary>A document as the source's tokenizer sees it.</summary>
/// <param name="Id">Id of the document.</param>
/// <param name="Encoding">Its tokens.</param>
internal sealed record TokenizedDocument(string Id, Encoding Encoding);
