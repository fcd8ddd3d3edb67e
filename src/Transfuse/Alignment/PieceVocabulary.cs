using Transfuse.Tokenization;

namespace Transfuse.Alignment;

/// <summary>
/// A vocabulary as the papers' code sees it: pieces (the vocabulary's own strings), the mark that stands for a leading space in them, and
/// what each id decodes to on its own. The compatibility modes compare these strings; the default modes compare bytes instead.
/// </summary>
public sealed class PieceVocabulary
{
    /// <summary>The space mark of SentencePiece vocabularies.</summary>
    public const string SentencePieceMarker = "\u2581";

    /// <summary>The space mark of byte-level BPE vocabularies.</summary>
    public const string ByteLevelMarker = "\u0120";

    private readonly string?[] _pieces;
    private readonly string?[] _decoded;
    private readonly Tokenizer? _tokenizer;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    /// <summary>Creates a vocabulary from lists.</summary>
    /// <param name="hash">Content hash of the tokenizer.</param>
    /// <param name="pieces">Piece of each id, null for an id without token.</param>
    /// <param name="decoded">What each id decodes to.</param>
    /// <param name="marker">Mark of a leading space.</param>
    public PieceVocabulary(string hash, IReadOnlyList<string?> pieces, IReadOnlyList<string?> decoded, string marker)
        : this(hash, [.. pieces], [.. decoded], marker, null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(decoded.Count, pieces.Count, nameof(decoded));
    }

    private PieceVocabulary(string hash, string?[] pieces, string?[] decoded, string marker, Tokenizer? tokenizer)
    {
        ArgumentNullException.ThrowIfNull(hash);
        ArgumentException.ThrowIfNullOrEmpty(marker);
        Hash = hash;
        Marker = marker;
        _pieces = pieces;
        _decoded = decoded;
        _tokenizer = tokenizer;
        for (var id = 0; id < pieces.Length; id++)
        {
            if (pieces[id] is { } piece)
            {
                _ids.TryAdd(piece, id);
            }
        }
    }

    /// <summary>Content hash of the tokenizer.</summary>
    public string Hash { get; }

    /// <summary>Mark of a leading space.</summary>
    public string Marker { get; }

    /// <summary>Whether the mark is byte-level BPE's.</summary>
    public bool IsByteLevel => string.Equals(Marker, ByteLevelMarker, StringComparison.Ordinal);

    /// <summary>Largest id + 1.</summary>
    public int Size => _pieces.Length;

    /// <summary>Id that begins a text, or null.</summary>
    public int? BosId { get; init; }

    /// <summary>Id that ends a text, or null.</summary>
    public int? EosId { get; init; }

    /// <summary>Id of unknown text, or null.</summary>
    public int? UnknownId { get; init; }

    /// <summary>The vocabulary of a tokenizer. The mark is the one of the two usual ones that begins more pieces.</summary>
    public static PieceVocabulary From(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var pieces = new string?[tokenizer.VocabularySize];
        var sentencePiece = 0;
        for (var id = 0; id < pieces.Length; id++)
        {
            pieces[id] = tokenizer.TokenString(id);
            sentencePiece += Begins(pieces[id], SentencePieceMarker) - Begins(pieces[id], ByteLevelMarker);
        }

        var marker = sentencePiece > 0 ? SentencePieceMarker : ByteLevelMarker;
        return new PieceVocabulary(tokenizer.ContentHash, pieces, new string?[pieces.Length], marker, tokenizer)
        {
            BosId = tokenizer.BosId,
            EosId = tokenizer.EosId,
            UnknownId = tokenizer.TokenId("<unk>"),
        };

        static int Begins(string? piece, string mark) => piece is not null && piece.StartsWith(mark, StringComparison.Ordinal) ? 1 : 0;
    }

    /// <summary>Piece of an id; null for an id without token.</summary>
    public string? Piece(int id) => (uint)id < (uint)_pieces.Length ? _pieces[id] : null;

    /// <summary>Id of a piece, or −1.</summary>
    public int IdOf(string piece) => _ids.GetValueOrDefault(piece, -1);

    /// <summary>What an id decodes to on its own, empty for an id without token. Decoded when first asked for.</summary>
    public string Decoded(int id) => (uint)id < (uint)_decoded.Length
        ? _decoded[id] ??= _pieces[id] is null ? "" : _tokenizer?.Decode([id]) ?? ""
        : "";

    /// <summary>A piece written with another vocabulary's mark; null for an id without token.</summary>
    internal string? PieceWith(int id, string marker) => Piece(id)?.Replace(Marker, marker, StringComparison.Ordinal);
}
