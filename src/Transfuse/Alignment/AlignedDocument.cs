namespace Transfuse.Alignment;

/// <summary>
/// A source's distributions at the target's positions and in the target's vocabulary. Position i has the entries <c>Starts[i]</c> to
/// <c>Starts[i + 1]</c>, no id twice; under <see cref="RestPolicy.Bucket"/> they and the rest mass sum to 1.
/// </summary>
/// <param name="Starts">Start of each position's entries and the end of the last: positions + 1 numbers.</param>
/// <param name="Ids">Target vocabulary ids.</param>
/// <param name="Probabilities">Probability of each id as the next target token.</param>
/// <param name="RestMass">Per position, the mass on all other ids together.</param>
/// <param name="Origins">Per position, where the distribution comes from.</param>
/// <param name="Diagnostics">What was kept and lost.</param>
public sealed record AlignedDocument(
    int[] Starts, int[] Ids, float[] Probabilities, float[] RestMass, PositionOrigin[] Origins, AlignmentDiagnostics Diagnostics)
{
    /// <summary>Number of target positions.</summary>
    public int Count => Origins.Length;

    /// <summary>Whether the source has a distribution at a position.</summary>
    public bool Speaks(int position) => Origins[position] is not (PositionOrigin.None or PositionOrigin.Empty);

    /// <summary>Ids kept at a position.</summary>
    public ReadOnlySpan<int> IdsAt(int position) => Ids.AsSpan(Starts[position]..Starts[position + 1]);

    /// <summary>Their probabilities.</summary>
    public ReadOnlySpan<float> ProbabilitiesAt(int position) => Probabilities.AsSpan(Starts[position]..Starts[position + 1]);

    /// <summary>This document with its empty positions taken from the base model's (FuseLLM's collator).</summary>
    /// <param name="baseDocument">The base model's distributions of the same target positions.</param>
    public AlignedDocument FillEmptyFrom(AlignedDocument baseDocument)
    {
        ArgumentNullException.ThrowIfNull(baseDocument);
        ArgumentOutOfRangeException.ThrowIfNotEqual(baseDocument.Count, Count, nameof(baseDocument));
        if (!Origins.AsSpan().Contains(PositionOrigin.Empty))
        {
            return this;
        }

        var starts = new int[Starts.Length];
        for (var i = 0; i < Count; i++)
        {
            starts[i + 1] = starts[i] + Pick(i).IdsAt(i).Length;
        }

        var ids = new int[starts[^1]];
        var probabilities = new float[starts[^1]];
        var rest = new float[Count];
        var origins = (PositionOrigin[])Origins.Clone();
        for (var i = 0; i < Count; i++)
        {
            var from = Pick(i);
            from.IdsAt(i).CopyTo(ids.AsSpan(starts[i]));
            from.ProbabilitiesAt(i).CopyTo(probabilities.AsSpan(starts[i]));
            rest[i] = from.RestMass[i];
            if (origins[i] == PositionOrigin.Empty)
            {
                origins[i] = baseDocument.Speaks(i) ? PositionOrigin.Base : PositionOrigin.None;
            }
        }

        return new AlignedDocument(starts, ids, probabilities, rest, origins, Diagnostics);

        AlignedDocument Pick(int position) => Origins[position] == PositionOrigin.Empty ? baseDocument : this;
    }
}
