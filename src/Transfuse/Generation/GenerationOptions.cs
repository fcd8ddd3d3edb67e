namespace Transfuse.Generation;

/// <summary>How the next token is chosen and when to stop.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to add to each prompt.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>Divisor of the logits; 0 takes the most probable token (greedy).</summary>
    public double Temperature { get; init; }

    /// <summary>Choose among this many most probable tokens; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Choose among the fewest most probable tokens whose probabilities, after temperature and top-k, reach this sum (Holtzman et al. 2020).</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Ids after which a sequence ends; they are kept as its last token.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Whether to keep keys and values of earlier tokens. Without it every token reads the whole text again; the result is the same up to rounding.</summary>
    public bool UseCache { get; init; } = true;

    /// <summary>All problems, as clauses; empty if the options can be used.</summary>
    public IEnumerable<string> Problems()
    {
        if (MaxNewTokens < 0)
        {
            yield return $"{nameof(MaxNewTokens)} is {MaxNewTokens}, expected 0 or more";
        }

        if (Temperature is not (>= 0 and < double.PositiveInfinity))
        {
            yield return $"{nameof(Temperature)} is {Temperature}, expected 0 or more";
        }

        if (TopK < 0)
        {
            yield return $"{nameof(TopK)} is {TopK}, expected 0 or more";
        }

        if (TopP is not (> 0 and <= 1))
        {
            yield return $"{nameof(TopP)} is {TopP}, expected more than 0, at most 1";
        }
    }
}
