using System.Globalization;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>What one architecture is called in GGUF and in Hugging Face folders, as data: keys, tensors, and what cannot be said.</summary>
/// <param name="Name">Value of <c>general.architecture</c>, and the first part of its keys.</param>
/// <param name="ModelType">Value of <c>model_type</c> in <c>config.json</c>.</param>
internal sealed record GgufArchitecture(string Name, string ModelType)
{
    /// <summary>Tensor of the embedding in GGUF.</summary>
    internal const string Embedding = "token_embd.weight";

    /// <summary>Tensor of the head in GGUF.</summary>
    internal const string Head = "output.weight";

    private static readonly string[] Suffixes = [".weight", ".bias"];

    /// <summary>Values of <c>model_type</c> that are written in the same way but not read back as such.</summary>
    internal IReadOnlyList<string> AlsoWrites { get; init; } = [];

    /// <summary>Keys.</summary>
    internal required IReadOnlyList<GgufKeyRule> Keys { get; init; }

    /// <summary>Tensors.</summary>
    internal required IReadOnlyList<GgufTensorRule> Tensors { get; init; }

    /// <summary>Prefix that Hugging Face files of the bare model leave out.</summary>
    internal string Prefix { get; init; } = "";

    /// <summary>Keys of config.json that follow from the architecture, as JSON: the first value is written on import, one of them demanded on export.</summary>
    internal IReadOnlyDictionary<string, string[]> Implied { get; init; } = new Dictionary<string, string[]>(StringComparer.Ordinal);

    /// <summary>The same for keys whose value depends on the sizes of the model.</summary>
    internal IReadOnlyList<GgufDerivedKey> Derived { get; init; } = [];

    /// <summary>Keys of config.json that have no place in the file, so that they must be absent or null on export.</summary>
    internal IReadOnlyList<string> Unsayable { get; init; } = [];

    /// <summary>Keys of config.json that say whether tensors exist, and one such tensor; with ! in front, that they do not.</summary>
    internal IReadOnlyDictionary<string, string> Flags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>A key of config.json whose value follows from whether a tensor exists; on export it must be one of the two. Null for none.</summary>
    internal (string Key, string Tensor, string With, string Without)? Told { get; init; }

    /// <summary>Keys of config.json of the rotary base and of the rotated share; null without rotary positions.</summary>
    internal (string Theta, string Partial)? Rope { get; init; }

    /// <summary>Whether config.json gives the window before linear scaling of positions, and GGUF the one behind it.</summary>
    internal bool StretchesContext { get; init; } = true;

    /// <summary>
    /// Whether llama.cpp has no place for a window of attention. The context then ends at the window, within which the model is the same.
    /// </summary>
    internal bool EndsAtWindow { get; init; }

    /// <summary>Whether llama.cpp takes the embedding for the head and has no place for another.</summary>
    internal bool IsAlwaysTied { get; init; }

    /// <summary>Whether llama.cpp reads divisors of the frequencies of rotation (llama3 scaling).</summary>
    internal bool HasRopeDivisors { get; init; }

    /// <summary>Tensors of either form that carry no information: copies of the embedding, and one that nothing reads.</summary>
    internal IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Whether llama.cpp wants a head in the file even if it is tied to the embedding.</summary>
    internal bool RepeatsTiedHead { get; init; }

    /// <summary>Hugging Face name of the head.</summary>
    internal string HuggingFaceHead => HuggingFaceName(Head);

    /// <summary>Hugging Face name of the embedding.</summary>
    internal string HuggingFaceEmbedding => HuggingFaceName(Embedding);

    /// <summary>Every tensor that a model of so many layers may have: GGUF name, Hugging Face name, and what stands between the two.</summary>
    /// <param name="layers">Number of layers.</param>
    /// <param name="has">Whether the GGUF file has a tensor; null when one is going to be written.</param>
    internal IEnumerable<(string Gguf, string HuggingFace, GgufTensorRule Rule)> Expand(int layers, Func<string, bool>? has = null)
    {
        foreach (var rule in Tensors.Where(rule => has is null || rule.OnlyWith is null || Holds(rule.OnlyWith, has)))
        {
            for (var layer = 0; layer < (rule.IsPerLayer ? layers : 1); layer++)
            {
                foreach (var suffix in Suffixes)
                {
                    yield return (Numbered(rule.Gguf, layer) + suffix, Numbered(rule.HuggingFace, layer) + suffix, rule);
                }
            }
        }
    }

    /// <summary>Whether a file has a tensor, or with ! in front has not.</summary>
    internal static bool Holds(string condition, Func<string, bool> has) => condition.StartsWith('!') ? !has(condition[1..]) : has(condition);

    private static string Numbered(string name, int layer) =>
        name.Replace(GgufTensorRule.Layer, layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private string HuggingFaceName(string gguf) => Tensors.Single(rule => gguf.Equals(rule.Gguf + ".weight", StringComparison.Ordinal)).HuggingFace + ".weight";
}
