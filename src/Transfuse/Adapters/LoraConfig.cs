using System.Text.RegularExpressions;

namespace Transfuse.Adapters;

/// <summary>Which modules an adapter changes and how strongly: what peft's <c>adapter_config.json</c> says (LoRA, rank-stabilised LoRA, DoRA).</summary>
/// <remarks>A module is named as in transformers, <c>model.layers.0.self_attn.q_proj</c>.</remarks>
public sealed record LoraConfig
{
    /// <summary>The word in place of a list of targets that means every projection but the head.</summary>
    public const string AllLinear = "all-linear";

    // Files may be hostile: no pattern may take more than linear time.
    private const RegexOptions Linear = RegexOptions.NonBacktracking;

    /// <summary>r: rows of A and columns of B.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>α: the update is scaled by α/r.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>Ranks of single modules, by regular expressions that match the end of their names.</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>α of single modules, likewise.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    /// <summary>Last parts of the names of the modules that are changed; empty if <see cref="TargetPattern"/> says it.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = [];

    /// <summary>A regular expression for whole names, or <see cref="AllLinear"/>; null if <see cref="TargetModules"/> says it.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Last parts of the names of modules that are trained, and stored, as a whole.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>Scale by α/√r (Kalajdzievski 2023).</summary>
    public bool IsRankStabilised { get; init; }

    /// <summary>Direction and length of each row are trained apart (Liu et al. 2024).</summary>
    public bool UsesDora { get; init; }

    /// <summary>What the adapter was trained on, or null.</summary>
    public string? BaseModel { get; init; }

    /// <summary>Keys of the file that mean nothing here, with their JSON text; written back as they were.</summary>
    public IReadOnlyDictionary<string, string> OtherKeys { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Everything that is wrong with the values, as clauses; empty if an adapter can be made.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var (key, rank) in RankPattern.Prepend(new("r", Rank)))
        {
            if (rank is < 1 or > 65536)
            {
                yield return $"the rank '{key}' is {rank}, expected 1 to 65536";
            }
        }

        if (TargetModules.Count == 0 && string.IsNullOrEmpty(TargetPattern) && ModulesToSave.Count == 0)
        {
            yield return "no module is named in 'target_modules'";
        }

        foreach (var pattern in RankPattern.Keys.Concat(AlphaPattern.Keys).Append(TargetPattern).OfType<string>().Where(pattern => !IsPattern(pattern)))
        {
            yield return $"\"{pattern}\" is no regular expression, or one that looks around or back";
        }
    }

    /// <summary>r of a module.</summary>
    public int RankOf(string module) => Find(RankPattern, module, Rank);

    /// <summary>Factor on B·A of a module.</summary>
    public double ScaleOf(string module)
    {
        double rank = RankOf(module);
        return Find(AlphaPattern, module, Alpha) / (IsRankStabilised ? Math.Sqrt(rank) : rank);
    }

    /// <summary>Whether a module is changed.</summary>
    /// <param name="module">Its name.</param>
    /// <param name="isHeadOrEmbedding">Such modules must be named; <see cref="AllLinear"/> does not mean them.</param>
    public bool Targets(string module, bool isHeadOrEmbedding) => TargetPattern switch
    {
        null => EndsWithAny(module, TargetModules),
        AllLinear => !isHeadOrEmbedding,
        _ => Regex.IsMatch(module, $"^(?:{TargetPattern})$", Linear),
    };

    /// <summary>Whether a module is trained as a whole.</summary>
    public bool Saves(string module) => EndsWithAny(module, ModulesToSave);

    private static bool EndsWithAny(string module, IReadOnlyList<string> names) =>
        names.Any(name => module.Equals(name, StringComparison.Ordinal) || module.EndsWith($".{name}", StringComparison.Ordinal));

    /// <summary>The value of the first pattern that matches the end of the name from a dot on, as in peft.</summary>
    private static T Find<T>(IReadOnlyDictionary<string, T> patterns, string module, T fallback)
    {
        foreach (var (pattern, value) in patterns)
        {
            if (Regex.IsMatch(module, $"^(?:.*\\.)?(?:{pattern})$", Linear))
            {
                return value;
            }
        }

        return fallback;
    }

    private static bool IsPattern(string pattern)
    {
        try
        {
            _ = new Regex(pattern, Linear);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
