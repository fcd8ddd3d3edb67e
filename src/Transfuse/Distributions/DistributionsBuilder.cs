using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>Collects the distributions of one document, position by position.</summary>
internal sealed class DistributionsBuilder
{
    private readonly TokenizedDocument _document;
    private readonly double _keptMass;
    private readonly int[] _starts;
    private readonly List<int> _ids;
    private readonly List<float> _logProbabilities;
    private readonly float[] _golds;
    private int _count;

    public DistributionsBuilder(TokenizedDocument document, int topK, double keptMass)
    {
        var tokens = document.Encoding.Count;
        _document = document;
        _keptMass = keptMass;
        _starts = new int[tokens + 1];
        _golds = new float[tokens];
        _ids = new List<int>(tokens * topK);
        _logProbabilities = new List<float>(tokens * topK);
    }

    /// <summary>Adds the next position; of its entries as many as reach the mass to keep.</summary>
    /// <exception cref="CheckFailedException">A value is NaN.</exception>
    public void Add(ReadOnlySpan<int> ids, ReadOnlySpan<float> logProbabilities, float gold)
    {
        double mass = 0;
        var kept = 0;
        while (kept < ids.Length && (kept == 0 || _keptMass == 1 || mass < _keptMass))
        {
            CheckNumber(logProbabilities[kept]);
            mass += Math.Exp(logProbabilities[kept++]);
        }

        CheckNumber(gold);
        _ids.AddRange(ids[..kept]);
        _logProbabilities.AddRange(logProbabilities[..kept]);
        _golds[_count++] = gold;
        _starts[_count] = _ids.Count;
    }

    /// <summary>The whole document.</summary>
    public DocumentDistributions Build() => new(
        _document.Id,
        _document.Encoding.Ids,
        Array.ConvertAll(_document.Encoding.Spans, span => span.End),
        new SparseDistributions(_starts, _ids.ToArray(), _logProbabilities.ToArray()),
        _golds);

    private void CheckNumber(float value)
    {
        if (float.IsNaN(value))
        {
            throw new CheckFailedException(
                $"The model gives no number after token {_count} of document '{_document.Id}'. "
                + "Its weights or its numeric format are broken; check the checkpoint.");
        }
    }
}
