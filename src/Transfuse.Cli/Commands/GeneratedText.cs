using System.Text;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary>Text that grows by tokens. A character whose bytes are spread over tokens appears when its last byte is there.</summary>
/// <param name="tokenizer">Knows the bytes of tokens.</param>
/// <param name="write">Is given every new piece of text, or null.</param>
internal sealed class GeneratedText(Tokenizer tokenizer, Action<string>? write)
{
    private readonly Decoder _decoder = System.Text.Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _text = new();

    /// <summary>Adds a token.</summary>
    internal void Add(int id) => Append(tokenizer.TokenBytes(id).Span, isLast: false);

    /// <summary>Ends the text; a character that was never finished becomes U+FFFD.</summary>
    internal void Complete() => Append([], isLast: true);

    /// <summary>The text so far.</summary>
    public override string ToString() => _text.ToString();

    private void Append(ReadOnlySpan<byte> bytes, bool isLast)
    {
        var characters = new char[_decoder.GetCharCount(bytes, isLast)];
        var count = _decoder.GetChars(bytes, characters, isLast);
        if (count > 0)
        {
            var piece = new string(characters, 0, count);
            _text.Append(piece);
            write?.Invoke(piece);
        }
    }
}
