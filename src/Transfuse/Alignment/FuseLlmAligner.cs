namespace Transfuse.Alignment;

/// <summary>
/// FuseLLM's sequence level: dynamic time warping, then a test of each target position. It uses source position j iff j is its only match and
/// the source piece, written with the target's space mark, equals the target's piece or is mapped to it.
/// </summary>
public sealed class FuseLlmAligner : SequenceAligner
{
    private readonly PieceVocabulary _source;
    private readonly PieceVocabulary _target;
    private readonly VocabularyMap _map;
    private readonly DynamicTimeWarping _warping;
    private readonly Dictionary<string, int> _sourceIdOf = new(StringComparer.Ordinal);

    /// <summary>Creates the aligner.</summary>
    /// <param name="source">The source's vocabulary.</param>
    /// <param name="target">The target's vocabulary.</param>
    /// <param name="map">The vocabulary map: an exact one gives EM, a least-edit-distance one MinED.</param>
    public FuseLlmAligner(PieceVocabulary source, PieceVocabulary target, VocabularyMap map)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(map);
        _source = source;
        _target = target;
        _map = map;
        _warping = new DynamicTimeWarping(new PieceDistance(source, target, decoded: false), TieOrder.FuseLlm);
        for (var id = 0; id < source.Size; id++)
        {
            if (source.PieceWith(id, target.Marker) is { } piece)
            {
                _sourceIdOf.TryAdd(piece, id);
            }
        }
    }

    /// <inheritdoc/>
    public override void Align(TokenSequence target, TokenSequence source, Span<int> rows)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Length, target.Count, nameof(rows));
        rows.Fill(Unaligned);
        if (target.Count == 0 || source.Count == 0)
        {
            return;
        }

        var path = _warping.Align(source.Ids, target.Ids);
        for (var i = 0; i < rows.Length; i++)
        {
            var matches = path.SourcesOf(i);
            if (matches.Length == 1 && Fits(source.Ids[matches[0]], target.Ids[i], i))
            {
                rows[i] = matches[0];
            }
        }
    }

    private bool Fits(int sourceId, int targetId, int position)
    {
        if (_source.PieceWith(sourceId, _target.Marker) is not { } piece || _target.Piece(targetId) is not { } targetPiece)
        {
            return false;
        }

        if (position == 0 && _source.IsByteLevel
            && targetPiece.StartsWith(_target.Marker, StringComparison.Ordinal) && !piece.StartsWith(_target.Marker, StringComparison.Ordinal))
        {
            // SentencePiece puts a space before the text, byte-level BPE does not.
            piece = _target.Marker + piece;
            return string.Equals(piece, targetPiece, StringComparison.Ordinal)
                || (_sourceIdOf.TryGetValue(piece, out var prefixed) && _map.BestTarget(prefixed) == targetId);
        }

        return string.Equals(piece, targetPiece, StringComparison.Ordinal) || _map.BestTarget(sourceId) == targetId;
    }
}
