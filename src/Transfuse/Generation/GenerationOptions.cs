namespace Transfuse.Generation;

/// <summary>How the next token is chosen and when to stop; the options mean what they mean in transformers and work in its order.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to add to each prompt.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>Tokens that are added before a stop id may be chosen.</summary>
    public int MinNewTokens { get; init; }

    /// <summary>Divisor of the logits; 0 takes the most probable token (greedy).</summary>
    public double Temperature { get; init; }

    /// <summary>Choose among this many most probable tokens, and those as probable as the last of them; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Choose among the fewest most probable tokens whose probabilities, after temperature and top-k, reach this sum (Holtzman et al. 2020).</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Choose among tokens at least this share as probable as the most probable one (Nguyen et al. 2024); 0 for all.</summary>
    public double MinP { get; init; }

    /// <summary>Lowers the scores of tokens that the text already has: positive ones are divided by it, negative ones multiplied (Keskar et al. 2019).</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>No run of so many tokens may occur twice; 0 allows all.</summary>
    public int NoRepeatNGramSize { get; init; }

    /// <summary>Ids after which a sequence ends; they are kept as its last token.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Texts after which a sequence ends, wherever the borders of its tokens lie; they need a generator that has the tokenizer.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Sequences that beam search follows at a time; 1 does not search. It draws nothing.</summary>
    public int Beams { get; init; } = 1;

    /// <summary>Exponent of the length by which beam search divides the sum of log-probabilities: above 0 favours long sequences, below 0 short ones.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>When beam search ends.</summary>
    public EarlyStopping EarlyStopping { get; init; }

    /// <summary>Whether to keep keys and values of earlier tokens. Without it every token reads the whole text again; the result is the same up to rounding.</summary>
    public bool UseCache { get; init; } = true;

    /// <summary>All problems, as clauses; empty if the options can be used.</summary>
    public IEnumerable<string> Problems()
    {
        (string Name, object Value, bool Holds, string Expected)[] checks =
        [
            (nameof(MaxNewTokens), MaxNewTokens, MaxNewTokens >= 0, "0 or more"),
            (nameof(MinNewTokens), MinNewTokens, MinNewTokens >= 0, "0 or more"),
            (nameof(Temperature), Temperature, Temperature is >= 0 and < double.PositiveInfinity, "0 or more"),
            (nameof(TopK), TopK, TopK >= 0, "0 or more"),
            (nameof(TopP), TopP, TopP is > 0 and <= 1, "more than 0, at most 1"),
            (nameof(MinP), MinP, MinP is >= 0 and <= 1, "0 to 1"),
            (nameof(RepetitionPenalty), RepetitionPenalty, RepetitionPenalty is > 0 and < double.PositiveInfinity, "more than 0"),
            (nameof(NoRepeatNGramSize), NoRepeatNGramSize, NoRepeatNGramSize >= 0, "0 or more"),
            (nameof(StopStrings), "one without characters", StopStrings.All(stop => stop.Length > 0), "texts"),
            (nameof(Beams), Beams, Beams >= 1, "1 or more"),
            (nameof(LengthPenalty), LengthPenalty, double.IsFinite(LengthPenalty), "a number"),
            (nameof(Temperature), $"{Temperature} and {nameof(Beams)} is {Beams}", Beams <= 1 || !(Temperature > 0), "only one of drawing and searching"),
        ];
        return checks.Where(check => !check.Holds).Select(check => string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{check.Name} is {check.Value}, expected {check.Expected}"));
    }
}
