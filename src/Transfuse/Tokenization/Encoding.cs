namespace Transfuse.Tokenization;

/// <summary>A tokenised text: ids and, for each, its byte span in the text. Spans ascend.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Spans">Byte span of each token.</param>
public sealed record Encoding(int[] Ids, ByteSpan[] Spans)
{
    /// <summary>Number of tokens.</summary>
    public int Count => Ids.Length;
}
