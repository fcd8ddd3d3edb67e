namespace Transfuse.Evaluation;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Nats">Σ −ln p over all tokens.</param>
/// <param name="Bytes">UTF-8 bytes of the text; the same for every model.</param>
/// <param name="Tokens">Tokens predicted.</param>
public readonly record struct BitsPerByteResult(double Nats, long Bytes, long Tokens)
{
    /// <summary>Bits per UTF-8 byte, Nats / (Bytes·ln 2): comparable between models of different vocabularies.</summary>
    public double BitsPerByte => Nats / (Bytes * Math.Log(2));

    /// <summary>e to the mean nats per token; comparable only between models of one tokenizer.</summary>
    public double TokenPerplexity => Math.Exp(Nats / Tokens);

    /// <summary>Both texts together.</summary>
    public static BitsPerByteResult operator +(BitsPerByteResult a, BitsPerByteResult b) =>
        new(a.Nats + b.Nats, a.Bytes + b.Bytes, a.Tokens + b.Tokens);
}
