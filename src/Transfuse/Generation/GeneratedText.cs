using System.Text;
using Transfuse.Tokenization;

namespace Transfuse.Generation;

/// <summary>
/// Text that grows by tokens and ends before a stop text. A character whose bytes are spread over tokens appears when its last byte is there;
/// what may be the beginning of a stop text appears when it is certain that it is none.
/// </summary>
public sealed class GeneratedText
{
    private readonly Tokenizer _tokenizer;
    private readonly StopStringMatcher _stops;
    private readonly Action<string>? _write;
    private readonly Decoder _decoder = System.Text.Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _text = new();
    private bool _dropsSpace;

    /// <summary>An empty text.</summary>
    /// <param name="tokenizer">Knows the bytes of tokens.</param>
    /// <param name="stopStrings">Texts before which it ends.</param>
    /// <param name="startsText">Whether it begins a text, where the blank that some tokenizers put before the first word is dropped, and continues none.</param>
    /// <param name="write">Is given every new piece of text, or null.</param>
    public GeneratedText(Tokenizer tokenizer, IReadOnlyList<string> stopStrings, bool startsText = false, Action<string>? write = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(stopStrings);
        _tokenizer = tokenizer;
        _stops = new StopStringMatcher(stopStrings);
        _dropsSpace = startsText;
        _write = write;
    }

    /// <summary>Whether a stop text was found, so that nothing more is added.</summary>
    public bool HasStopped => _stops.HasStopped;

    /// <summary>Adds a token.</summary>
    public void Add(int id) => Append(_stops.Add(_tokenizer.TokenBytes(id).Span), isLast: false);

    /// <summary>Ends the text; a character that was never finished becomes U+FFFD.</summary>
    public void Complete() => Append(_stops.Complete(), isLast: true);

    /// <summary>The text so far.</summary>
    public override string ToString() => _text.ToString();

    private void Append(ReadOnlySpan<byte> bytes, bool isLast)
    {
        // After the search for stop texts, which sees the bytes that the model wrote.
        if (bytes.Length > 0 && _dropsSpace)
        {
            _dropsSpace = false;
            bytes = bytes[0] == ' ' ? bytes[1..] : bytes;
        }

        var characters = new char[_decoder.GetCharCount(bytes, isLast)];
        var count = _decoder.GetChars(bytes, characters, isLast);
        if (count > 0)
        {
            var piece = new string(characters, 0, count);
            _text.Append(piece);
            _write?.Invoke(piece);
        }
    }
}
