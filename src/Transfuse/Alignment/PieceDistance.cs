namespace Transfuse.Alignment;

/// <summary>
/// Cost of matching a source token with a target token: the edit distance of their strings without space marks. Kept by id pair, since the
/// same pairs recur from document to document. Not thread safe.
/// </summary>
public sealed class PieceDistance
{
    private readonly EditDistance _distance = new();
    private readonly Dictionary<(int Source, int Target), int> _known = [];
    private readonly Dictionary<int, int[]> _sourceText = [];
    private readonly Dictionary<int, int[]> _targetText = [];
    private readonly PieceVocabulary _source;
    private readonly PieceVocabulary _target;
    private readonly bool _decoded;

    /// <summary>Creates the cost of two vocabularies.</summary>
    /// <param name="source">The source's vocabulary.</param>
    /// <param name="target">The target's vocabulary.</param>
    /// <param name="decoded">Whether to compare decoded tokens (FuseChat) rather than pieces (FuseLLM).</param>
    public PieceDistance(PieceVocabulary source, PieceVocabulary target, bool decoded)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        _source = source;
        _target = target;
        _decoded = decoded;
    }

    /// <summary>The cost of a pair.</summary>
    public int Between(int sourceId, int targetId)
    {
        if (!_known.TryGetValue((sourceId, targetId), out var distance))
        {
            distance = Compute(sourceId, targetId);
            _known.Add((sourceId, targetId), distance);
        }

        return distance;
    }

    private int Compute(int sourceId, int targetId)
    {
        var source = Text(_sourceText, _source, sourceId);
        var target = Text(_targetText, _target, targetId);
        if (_decoded && (source.Length == 0 || target.Length == 0))
        {
            // FuseChat compares what it stripped where nothing is left of one side.
            source = EditDistance.CodePoints(_source.Decoded(sourceId).Replace(_source.Marker, _target.Marker, StringComparison.Ordinal));
            target = EditDistance.CodePoints(_target.Decoded(targetId));
        }

        _distance.SetPattern(source);
        return _distance.To(target);
    }

    private int[] Text(Dictionary<int, int[]> texts, PieceVocabulary vocabulary, int id)
    {
        if (!texts.TryGetValue(id, out var text))
        {
            var whole = _decoded ? vocabulary.Decoded(id) : vocabulary.Piece(id) ?? "";
            text = EditDistance.CodePoints(whole.Replace(vocabulary.Marker, "", StringComparison.Ordinal));
            texts.Add(id, text);
        }

        return text;
    }
}
