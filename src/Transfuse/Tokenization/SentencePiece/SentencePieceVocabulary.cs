using Transfuse.Errors;
using Transfuse.Tokenization.Text;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>Indexes over a SentencePiece model's pieces.</summary>
internal sealed class SentencePieceVocabulary
{
    private readonly BytesTable _mergeable;
    private readonly int[] _mergeableIds;

    /// <summary>Indexes pieces.</summary>
    /// <exception cref="TokenizerException">Bytes are to be spelled but some byte has no piece.</exception>
    public SentencePieceVocabulary(SentencePieceModel model, string source)
    {
        Text = new PieceTrie(model.Pieces.Count);
        UserDefined = new PieceTrie(1);
        _mergeable = new BytesTable(model.Pieces.Count + 1);
        _mergeableIds = new int[model.Pieces.Count];
        Array.Fill(Bytes, -1);
        for (var id = 0; id < model.Pieces.Count; id++)
        {
            var (text, score, type) = model.Pieces[id];
            Ids.TryAdd(text, id);
            if (type == PieceType.Byte)
            {
                Bytes[SentencePieceDecoder.ByteOf(text)] = id;
            }
            else if (IsText(type))
            {
                Index(Utf8.Bytes(text), id, type);
            }

            if (type == PieceType.Normal)
            {
                LowestScore = Math.Min(LowestScore, score);
                HighestScore = Math.Max(HighestScore, score);
            }
        }

        Cuts = model.Algorithm == SentencePieceAlgorithm.Bpe
            ? SafeCuts.Between(model.Pieces.Where(piece => IsText(piece.Type)).Select(piece => piece.Text))
            : null;
        if (model.ByteFallback && Array.IndexOf(Bytes, -1) is >= 0 and var missing)
        {
            throw new TokenizerException(source, $"the SentencePiece model spells bytes but has no piece for byte {missing}. The file is damaged.");
        }
    }

    /// <summary>Ids by text.</summary>
    public Dictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

    /// <summary>Normal, user-defined and unused pieces.</summary>
    public PieceTrie Text { get; }

    /// <summary>Where a text may be cut before it is merged: between characters that no piece has side by side. Null for models that do not merge.</summary>
    public SafeCuts? Cuts { get; }

    /// <summary>User-defined pieces.</summary>
    public PieceTrie UserDefined { get; }

    /// <summary>Ids of the byte pieces, or -1.</summary>
    public int[] Bytes { get; } = new int[256];

    /// <summary>Lowest score of a normal piece.</summary>
    public float LowestScore { get; private set; } = float.MaxValue;

    /// <summary>Highest score of a normal piece.</summary>
    public float HighestScore { get; private set; } = float.MinValue;

    /// <summary>The id of a text piece by its bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> text)
    {
        var index = _mergeable.Find(text);
        return index < 0 ? -1 : _mergeableIds[index];
    }

    private static bool IsText(PieceType type) => type is PieceType.Normal or PieceType.UserDefined or PieceType.Unused;

    private void Index(byte[] text, int id, PieceType type)
    {
        Text.Add(text, id);
        var count = _mergeable.Count;
        var index = _mergeable.GetOrAdd(text);
        if (index == count)
        {
            _mergeableIds[index] = id;
        }

        if (type == PieceType.UserDefined)
        {
            UserDefined.Add(text, id);
        }
    }
}
