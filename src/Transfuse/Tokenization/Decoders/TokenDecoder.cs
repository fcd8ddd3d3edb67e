namespace Transfuse.Tokenization.Decoders;

/// <summary>Turns token strings back into text. Immutable and thread safe.</summary>
internal abstract class TokenDecoder
{
    /// <summary>The strings whose concatenation is the text.</summary>
    public abstract List<string> Decode(List<string> tokens);

    /// <summary>The bytes that a token, as bytes, adds to a text in which it does not come first.</summary>
    public abstract byte[] Contribution(byte[] token);
}
