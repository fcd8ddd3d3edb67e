using System.Globalization;
using Transfuse.Errors;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Unigram;

/// <summary>A unigram model ready to encode.</summary>
internal sealed class UnigramModel : TokenModel
{
    private const double UnknownPenalty = 10;
    private readonly Dictionary<string, int> _vocabulary;
    private readonly BytesTable _table;
    private readonly int[] _ids;

    /// <summary>Indexes a definition.</summary>
    /// <exception cref="TokenizerException">No pieces, or the unknown id is not one of them.</exception>
    public UnigramModel(UnigramDefinition definition, string source)
    {
        Source = source;
        Definition = definition;
        var pieces = definition.Pieces;
        if (pieces.Count == 0 || definition.UnknownId >= pieces.Count)
        {
            throw new TokenizerException(source, $"the unigram model has {pieces.Count} pieces and the unknown id {definition.UnknownId}. It must be one of the pieces.");
        }

        _vocabulary = new Dictionary<string, int>(pieces.Count, StringComparer.Ordinal);
        _table = new BytesTable(pieces.Count);
        _ids = new int[pieces.Count];
        Trie = new PieceTrie(pieces.Count);
        var lowest = double.PositiveInfinity;
        for (var id = 0; id < pieces.Count; id++)
        {
            var bytes = Utf8.Bytes(pieces[id].Piece);
            _vocabulary[pieces[id].Piece] = id;
            _ids[_table.GetOrAdd(bytes)] = id;
            Trie.Add(bytes, id);
            lowest = Math.Min(lowest, pieces[id].Score);
        }

        UnknownScore = lowest - UnknownPenalty;
        for (var i = 0; i < 256; i++)
        {
            FallbackIds[i] = _vocabulary.GetValueOrDefault("<0x" + i.ToString("X2", CultureInfo.InvariantCulture) + ">", -1);
        }
    }

    /// <summary>File named in errors.</summary>
    public string Source { get; }

    /// <summary>The data.</summary>
    public UnigramDefinition Definition { get; }

    /// <summary>All pieces.</summary>
    public PieceTrie Trie { get; }

    /// <summary>Score of a character that is no piece.</summary>
    public double UnknownScore { get; }

    /// <summary>Ids of <c>&lt;0xHH&gt;</c>, or -1.</summary>
    public int[] FallbackIds { get; } = new int[256];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, int> Vocabulary => _vocabulary;

    /// <summary>The id of a piece by its bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> piece)
    {
        var index = _table.Find(piece);
        return index < 0 ? -1 : _ids[index];
    }

    /// <inheritdoc/>
    public override ModelWorker CreateWorker() => new UnigramWorker(this);
}
