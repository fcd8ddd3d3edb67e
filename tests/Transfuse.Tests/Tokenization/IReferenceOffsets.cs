using Transfuse.Tokenization;

namespace Transfuse.Tests.Tokenization;

/// <summary>Derives the offsets of an original implementation from our exact byte spans.</summary>
internal interface IReferenceOffsets
{
    /// <summary>Flat byte offsets; the first <paramref name="leading"/> and last <paramref name="trailing"/> tokens come from a template.</summary>
    List<int> Of(byte[] text, Encoding encoding, IReadOnlyList<string> tokens, int leading, int trailing);
}
