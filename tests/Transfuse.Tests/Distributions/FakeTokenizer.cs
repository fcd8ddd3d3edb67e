using Transfuse.Tokenization;
using Encoding = Transfuse.Tokenization.Encoding;

namespace Transfuse.Tests.Distributions;

/// <summary>Bytes as tokens; 256 begins a text if the tokenizer says so.</summary>
internal sealed class FakeTokenizer(bool hasBos) : Tokenizer
{
    public override int VocabularySize => 257;

    public override int? BosId => hasBos ? 256 : null;

    public override int? EosId => null;

    public override string ContentHash => Transfuse.Artifacts.ContentHash.OfText($"bytes {hasBos}");

    public override Encoding Encode(string text, bool addSpecialTokens = true)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        int[] begin = hasBos && addSpecialTokens ? [256] : [];
        return new Encoding(
            [.. begin, .. bytes.Select(value => (int)value)],
            [.. begin.Select(_ => new ByteSpan(0, 0)), .. bytes.Select((_, i) => new ByteSpan(i, i + 1))]);
    }

    public override string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) => throw new NotSupportedException();

    public override ReadOnlyMemory<byte> TokenBytes(int id) => id < 256 ? new[] { (byte)id } : default;

    public override string? TokenString(int id) => null;

    public override int? TokenId(string token) => null;
}
