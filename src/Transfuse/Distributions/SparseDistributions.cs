namespace Transfuse.Distributions;

/// <summary>
/// Next-token distributions of consecutive positions, each kept on its most probable ids. Position i has the entries
/// <c>Starts[i]</c> to <c>Starts[i + 1]</c>, in descending order; what they lack to mass 1 is the rest mass.
/// </summary>
/// <param name="Starts">Start of each position's entries and the end of the last: positions + 1 numbers.</param>
/// <param name="Ids">Vocabulary ids.</param>
/// <param name="LogProbabilities">Log-probability (nats) of each id under the full softmax.</param>
public sealed record SparseDistributions(int[] Starts, int[] Ids, float[] LogProbabilities)
{
    /// <summary>Number of positions.</summary>
    public int Count => Starts.Length - 1;

    /// <summary>Ids kept at a position.</summary>
    public ReadOnlySpan<int> IdsAt(int position) => Ids.AsSpan(Starts[position]..Starts[position + 1]);

    /// <summary>Their log-probabilities.</summary>
    public ReadOnlySpan<float> LogProbabilitiesAt(int position) => LogProbabilities.AsSpan(Starts[position]..Starts[position + 1]);
}
