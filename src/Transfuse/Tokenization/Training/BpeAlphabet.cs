using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Training;

/// <summary>The tokens of a BPE vocabulary while it is learnt: ids in order of addition, found by their bytes.</summary>
/// <param name="isByteLevel">Whether symbols are bytes, written in the byte alphabet, and not characters.</param>
internal sealed class BpeAlphabet(bool isByteLevel)
{
    private readonly List<byte[]> _tokens = [];
    private readonly List<int> _lengths = [];
    private readonly BytesTable _byBytes = new(1 << 12);
    private readonly List<int> _idsByBytes = [];

    /// <summary>Ids by vocabulary string.</summary>
    public Dictionary<string, int> Vocabulary { get; } = new(StringComparer.Ordinal);

    /// <summary>Number of symbols in a token.</summary>
    public int Length(int id) => _lengths[id];

    /// <summary>The vocabulary string of a token.</summary>
    public string Text(int id) => isByteLevel ? ByteAlphabet.ToString(_tokens[id]) : Utf8.String(_tokens[id]);

    /// <summary>Adds a token by its vocabulary string. One outside the byte alphabet can never be the result of a byte-level merge.</summary>
    public int AddNamed(string text)
    {
        var bytes = isByteLevel ? ByteAlphabet.TryToBytes(text) : Utf8.Bytes(text);
        return bytes is null ? Append([], text) : Add(bytes);
    }

    /// <summary>The id of a token, new or not.</summary>
    public int Add(byte[] bytes)
    {
        var index = _byBytes.GetOrAdd(bytes);
        if (index < _idsByBytes.Count)
        {
            return _idsByBytes[index];
        }

        _idsByBytes.Add(_tokens.Count);
        return Append(bytes, isByteLevel ? ByteAlphabet.ToString(bytes) : Utf8.String(bytes));
    }

    /// <summary>The id of two tokens in a row, new or not.</summary>
    public int Join(int left, int right) => Add([.. _tokens[left], .. _tokens[right]]);

    private int Append(byte[] bytes, string text)
    {
        Vocabulary.Add(text, _tokens.Count);
        _tokens.Add(bytes);
        _lengths.Add(isByteLevel ? bytes.Length : Utf8.CountScalars(bytes));
        return _tokens.Count - 1;
    }
}
