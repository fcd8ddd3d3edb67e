using System.Globalization;
using System.Text;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>Runs of <c>&lt;0xHH&gt;</c> to text; a run that is not valid UTF-8 gives one U+FFFD for each byte.</summary>
internal sealed class ByteFallbackDecoder : TokenDecoder
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens)
    {
        var result = new List<string>(tokens.Count);
        var run = new List<byte>();
        foreach (var token in tokens)
        {
            if (ToByte(token) is { } value)
            {
                run.Add(value);
                continue;
            }

            Flush(run, result);
            result.Add(token);
        }

        Flush(run, result);
        return result;
    }

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => token.Length == 6 && ToByte(Utf8.String(token)) is { } value ? [value] : token;

    private static byte? ToByte(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    private static void Flush(List<byte> run, List<string> result)
    {
        if (run.Count == 0)
        {
            return;
        }

        try
        {
            result.Add(Strict.GetString([.. run]));
        }
        catch (DecoderFallbackException)
        {
            for (var i = 0; i < run.Count; i++)
            {
                result.Add("\uFFFD");
            }
        }

        run.Clear();
    }
}
