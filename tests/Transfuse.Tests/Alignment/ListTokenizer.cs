using System.Text;
using Transfuse.Tokenization;
using Encoding = Transfuse.Tokenization.Encoding;

namespace Transfuse.Tests.Alignment;

/// <summary>A tokenizer over a list of pieces: ▁ is a space, the longest piece wins, &lt;0xNN&gt; is a byte, &lt;s&gt; and &lt;/s&gt; begin and end.</summary>
internal sealed class ListTokenizer : Tokenizer
{
    private readonly string[] _pieces;
    private readonly byte[][] _bytes;

    internal ListTokenizer(params string[] pieces)
    {
        _pieces = pieces;
        _bytes = [.. pieces.Select(Bytes)];
    }

    public override int VocabularySize => _pieces.Length;

    public override int? BosId => TokenId("<s>");

    public override int? EosId => TokenId("</s>");

    public override string ContentHash => Convert.ToHexStringLower(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', _pieces))));

    public override Encoding Encode(string text, bool addSpecialTokens = true)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var (ids, spans) = (new List<int>(), new List<ByteSpan>());
        if (addSpecialTokens && BosId is { } bos)
        {
            ids.Add(bos);
            spans.Add(new ByteSpan(0, 0));
        }

        for (var at = 0; at < bytes.Length; at += _bytes[ids[^1]].Length)
        {
            var best = -1;
            for (var id = 0; id < _bytes.Length; id++)
            {
                if (_bytes[id].Length > (best < 0 ? 0 : _bytes[best].Length) && bytes.AsSpan(at).StartsWith(_bytes[id]))
                {
                    best = id;
                }
            }

            ids.Add(best >= 0 ? best : throw new InvalidOperationException($"No piece for byte {at} of '{text}'."));
            spans.Add(new ByteSpan(at, at + _bytes[best].Length));
        }

        if (addSpecialTokens && EosId is { } eos)
        {
            ids.Add(eos);
            spans.Add(new ByteSpan(bytes.Length, bytes.Length));
        }

        return new Encoding([.. ids], [.. spans]);
    }

    public override string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(_bytes[id].Length == 0 && !skipSpecialTokens ? _pieces[id] : System.Text.Encoding.UTF8.GetString(_bytes[id]));
        }

        return text.ToString();
    }

    public override ReadOnlyMemory<byte> TokenBytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : default;

    public override string? TokenString(int id) => (uint)id < (uint)_pieces.Length ? _pieces[id] : null;

    public override int? TokenId(string token) => Array.IndexOf(_pieces, token) is var id and >= 0 ? id : null;

    private static byte[] Bytes(string piece)
    {
        if (piece is "<s>" or "</s>" or "<unk>")
        {
            return [];
        }

        return piece.StartsWith("<0x", StringComparison.Ordinal)
            ? [Convert.ToByte(piece[3..5], 16)]
            : System.Text.Encoding.UTF8.GetBytes(piece.Replace('▁', ' '));
    }
}
