using Transfuse.Distributions;
using Transfuse.Errors;

namespace Transfuse.Alignment;

/// <summary>
/// Brings a source's distributions to the target's positions and vocabulary: sequence level by a <see cref="SequenceAligner"/>, vocabulary
/// level by a <see cref="VocabularyMap"/>, p(t) = Σ_s p(s)·P(t | s). Owns scratch memory: not thread safe, one per worker.
/// </summary>
public sealed class DocumentAligner
{
    private readonly AlignmentOptions _options;
    private readonly SequenceAligner _sequence;
    private readonly VocabularyMap _map;
    private readonly RowAccumulator _row;
    private readonly SparseRowsBuilder _output = new();
    private int[] _rows = [];
    private double[] _probabilities = [];

    /// <summary>Creates an aligner for one source.</summary>
    /// <param name="options">Policies; its <c>Sequence</c> and <c>Vocabulary</c> say what the other two arguments were made as.</param>
    /// <param name="sequence">Sequence level, not shared with other threads.</param>
    /// <param name="map">Vocabulary level.</param>
    /// <exception cref="TransfuseException">An option is out of range.</exception>
    public DocumentAligner(AlignmentOptions options, SequenceAligner sequence, VocabularyMap map)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentNullException.ThrowIfNull(map);
        if (!(options.Temperature > 0) || !double.IsFinite(options.Temperature))
        {
            throw new TransfuseException($"The temperature of an alignment is {options.Temperature}; expected a positive number.");
        }

        if (options.MaximumEntries < 1)
        {
            throw new TransfuseException($"An alignment keeps {options.MaximumEntries} entries per position; expected at least 1.");
        }

        if (options.RoundToBFloat16 && options.Rest != RestPolicy.Renormalise)
        {
            throw new TransfuseException($"Rounding to bfloat16 goes with the rest policy 'renormalise' only; found '{options.Rest}'.");
        }

        _options = options;
        _sequence = sequence;
        _map = map;
        _row = new RowAccumulator(map.TargetSize);
    }

    /// <summary>Aligns one document.</summary>
    /// <param name="source">What the source says, in its own vocabulary.</param>
    /// <param name="target">The same text as the target tokenises it.</param>
    /// <exception cref="TransfuseException">The source's record is inconsistent or holds no log-probabilities; the message names document and position.</exception>
    public AlignedDocument Align(DocumentDistributions source, TokenSequence target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (source.Next.Count != source.TokenIds.Length)
        {
            throw new TransfuseException(
                $"Document {source.DocumentId} has {source.TokenIds.Length} tokens but {source.Next.Count} distributions; expected one per token.");
        }

        if (_rows.Length < target.Count)
        {
            _rows = new int[target.Count];
        }

        var rows = _rows.AsSpan(0, target.Count);
        _sequence.Align(target, TokenSequence.From(source), rows);
        _output.Reset(target.Count);
        var origins = new PositionOrigin[target.Count];
        var diagnostics = default(AlignmentDiagnostics) with { Positions = target.Count };
        for (var i = 0; i < rows.Length; i++)
        {
            origins[i] = rows[i] >= 0
                ? WriteMapped(source, rows[i], ref diagnostics)
                : WriteUnaligned(target, i, rows[i], ref diagnostics);
        }

        return new AlignedDocument(_output.Starts(), _output.Ids(), _output.Probabilities(), _output.RestMass(), origins, diagnostics);
    }

    private PositionOrigin WriteMapped(DocumentDistributions source, int position, ref AlignmentDiagnostics diagnostics)
    {
        var ids = source.Next.IdsAt(position);
        if (_probabilities.Length < ids.Length)
        {
            _probabilities = new double[ids.Length];
        }

        double rest;
        try
        {
            rest = TeacherTempering.Apply(source.Next.LogProbabilitiesAt(position), _options, _probabilities);
        }
        catch (TransfuseException exception)
        {
            throw new TransfuseException($"Document {source.DocumentId}, source position {position}: {exception.Message}", exception);
        }

        Accumulate(ids);
        var kept = _row.Sum();
        diagnostics = diagnostics with
        {
            Aligned = diagnostics.Aligned + 1,
            Emptied = diagnostics.Emptied + (kept > 0 ? 0 : 1),
            StoredMass = diagnostics.StoredMass + (1 - rest),
            KeptMass = diagnostics.KeptMass + kept,
        };
        if (!(kept > 0))
        {
            _output.EndRow(1);
            return PositionOrigin.Empty;
        }

        Emit();
        return PositionOrigin.Source;
    }

    private void Accumulate(ReadOnlySpan<int> sourceIds)
    {
        _row.Clear();
        for (var i = 0; i < sourceIds.Length; i++)
        {
            var targets = _map.TargetsOf(sourceIds[i]);
            var shares = _map.ProbabilitiesOf(sourceIds[i]);
            for (var j = 0; j < targets.Length; j++)
            {
                _row.Add(targets[j], _probabilities[i] * shares[j], _options.Duplicates);
            }
        }
    }

    private void Emit()
    {
        _row.Truncate(_options.MaximumEntries);
        var scale = _options.Rest == RestPolicy.Renormalise ? 1 / _row.Sum() : 1;
        var masses = _row.Masses;
        var written = 0.0;
        for (var i = 0; i < masses.Length; i++)
        {
            var probability = _options.RoundToBFloat16 ? BFloat16Rounding.Round(masses[i] * scale) : (float)(masses[i] * scale);
            _output.Add(_row.Ids[i], probability);
            written += probability;
        }

        // From the values as written, so that entries and bucket sum to 1 to the last bit of a float.
        _output.EndRow(_options.Rest == RestPolicy.Bucket ? (float)Math.Max(0, 1 - written) : 0);
    }

    private PositionOrigin WriteUnaligned(TokenSequence target, int position, int row, ref AlignmentDiagnostics diagnostics)
    {
        if (row == SequenceAligner.Empty || _options.Fallback is UnalignedFallback.Mask or UnalignedFallback.Base)
        {
            _output.EndRow(1);
            return row == SequenceAligner.Empty || _options.Fallback == UnalignedFallback.Base ? PositionOrigin.Empty : PositionOrigin.None;
        }

        var taught = _options.Fallback == UnalignedFallback.Next ? Math.Min(position + 1, target.Count - 1) : position;
        _output.Add(target.Ids[taught], 1);
        _output.EndRow(0);
        diagnostics = diagnostics with { OneHot = diagnostics.OneHot + 1 };
        return PositionOrigin.OneHot;
    }
}
