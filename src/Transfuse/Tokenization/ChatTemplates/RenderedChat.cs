namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>A conversation as a model reads it.</summary>
/// <param name="Text">
/// The prompt. It holds the special tokens, BOS included if the template writes it: tokenise it without adding special tokens.
/// </param>
/// <param name="GenerationSpans">
/// Where in the text's UTF-8 bytes the template's <c>{% generation %}</c> blocks lie: what the assistant says, the part to train on. Empty
/// for a template without such blocks. In a macro they are placed as if the macro's text were printed where it is called.
/// </param>
public sealed record RenderedChat(string Text, IReadOnlyList<ByteSpan> GenerationSpans);
