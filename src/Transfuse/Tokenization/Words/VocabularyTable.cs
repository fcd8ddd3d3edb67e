using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Words;

/// <summary>Ids by the UTF-8 bytes of vocabulary strings, those with a prefix only, without it.</summary>
internal sealed class VocabularyTable
{
    private readonly BytesTable _table;
    private readonly int[] _ids;

    /// <summary>Indexes the entries that begin with a prefix.</summary>
    public VocabularyTable(IReadOnlyDictionary<string, int> vocabulary, string prefix)
    {
        _table = new BytesTable(vocabulary.Count + 1);
        _ids = new int[vocabulary.Count + 1];
        foreach (var (token, id) in vocabulary)
        {
            if (token.StartsWith(prefix, StringComparison.Ordinal))
            {
                _ids[_table.GetOrAdd(Utf8.Bytes(token[prefix.Length..]))] = id;
            }
        }
    }

    /// <summary>The id of an entry, or -1.</summary>
    public int Find(ReadOnlySpan<byte> token)
    {
        var index = _table.Find(token);
        return index < 0 ? -1 : _ids[index];
    }
}
