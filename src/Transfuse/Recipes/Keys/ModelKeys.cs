namespace Transfuse.Recipes.Keys;

/// <summary>The keys that every kind of model section has.</summary>
internal static class ModelKeys
{
    private static readonly ModelSection Defaults = new();

    // Neither rotary positions nor, but for mpt, heads of keys and values that are shared.
    private static readonly string[] WithoutRope = ["mpt", "gpt2", "opt"];
    private static readonly string[] WithoutSharedHeads = ["gpt_neox", "gpt2", "opt"];

    /// <summary>Declares the model's keys and the rules between them.</summary>
    internal static SectionSchema<TSection> ModelKeysAndRules<TSection>(this SectionSchema<TSection> schema)
        where TSection : ModelSection, new() => schema
        .Key("model", Values.Optional(Values.Model), s => s.Model, (s, v) => s with { Model = v }, "Folder of an existing model, or its name on the hub.")
        .Key("name", Values.Optional(Values.Text), s => s.Name, (s, v) => s with { Name = v }, "Name in tables; null takes the folder's or the architecture's.")
        .Key("tokenizer", Values.Optional(Values.InputPath), s => s.Tokenizer, (s, v) => s with { Tokenizer = v }, "Existing tokenizer; null takes the model's, or trains one.")
        .Key("architecture", Values.Optional(Values.Word("llama", "mistral", "qwen2", "qwen3", "olmo2", "gemma", "gpt_neox", "mpt", "gpt2", "opt")), s => s.Architecture, (s, v) => s with { Architecture = v }, "Architecture to begin from random weights.")
        .Key("vocabulary", Values.Integer(257, 1_000_000), s => s.Vocabulary, (s, v) => s with { Vocabulary = v }, "Pieces of the tokenizer that is trained.")
        .Key("hidden", Values.Integer(8, 65_536), s => s.Hidden, (s, v) => s with { Hidden = v }, "Width of the hidden state.")
        .Key("layers", Values.Integer(1, 512), s => s.Layers, (s, v) => s with { Layers = v }, "Number of blocks.")
        .Key("heads", Values.Integer(1, 1024), s => s.Heads, (s, v) => s with { Heads = v }, "Attention heads.")
        .Key("key_value_heads", Values.OptionalNumber(Values.Integer(1, 1024)), s => s.KeyValueHeads, (s, v) => s with { KeyValueHeads = v }, "Heads of keys and values; null is as many as heads.")
        .Key("intermediate", Values.OptionalNumber(Values.Integer(8, 1_000_000)), s => s.Intermediate, (s, v) => s with { Intermediate = v }, "Width of the feed-forward layer; null takes what is usual for the architecture.")
        .Key("context", Values.Integer(8, 16_777_216), s => s.Context, (s, v) => s with { Context = v }, "Most positions.")
        .Key("tied_embeddings", Values.Flag, s => s.TiedEmbeddings, (s, v) => s with { TiedEmbeddings = v }, "Whether the head is the embedding itself.")
        .Rule(CheckOrigin)
        .Rule(CheckShape);

    private static IEnumerable<RuleViolation> CheckOrigin(ModelSection section)
    {
        if (section.Model is null && section.Architecture is null)
        {
            yield return new RuleViolation(
                string.Empty, "a model needs either 'model' (an existing folder) or 'architecture' (to begin anew)", "model: models/a, or architecture: llama");
        }

        if (section.Model is null)
        {
            yield break;
        }

        foreach (var key in NewModelKeys(section))
        {
            yield return new RuleViolation(key, $"'{key}' is for a new model, but 'model' names an existing one", $"leave out '{key}' or 'model'");
        }
    }

    private static IEnumerable<string> NewModelKeys(ModelSection section)
    {
        (string Key, bool IsSet)[] keys =
        [
            ("architecture", section.Architecture is not null),
            ("vocabulary", section.Vocabulary != Defaults.Vocabulary),
            ("hidden", section.Hidden != Defaults.Hidden),
            ("layers", section.Layers != Defaults.Layers),
            ("heads", section.Heads != Defaults.Heads),
            ("key_value_heads", section.KeyValueHeads is not null),
            ("intermediate", section.Intermediate is not null),
            ("context", section.Context != Defaults.Context),
            ("tied_embeddings", section.TiedEmbeddings != Defaults.TiedEmbeddings),
        ];
        return keys.Where(key => key.IsSet).Select(key => key.Key);
    }

    private static IEnumerable<RuleViolation> CheckShape(ModelSection section)
    {
        if (section.Architecture is null)
        {
            yield break;
        }

        if (section.Hidden % section.Heads != 0)
        {
            yield return new RuleViolation("heads", $"hidden ({section.Hidden}) is no multiple of heads ({section.Heads})");
        }
        else if (!WithoutRope.Contains(section.Architecture, StringComparer.Ordinal) && section.Hidden / section.Heads % 2 != 0)
        {
            yield return new RuleViolation("heads", $"a head would be {section.Hidden / section.Heads} wide; rotary positions need an even width");
        }

        if (section.KeyValueHeads is { } keyValueHeads && section.Heads % keyValueHeads != 0)
        {
            yield return new RuleViolation("key_value_heads", $"heads ({section.Heads}) is no multiple of key_value_heads ({keyValueHeads})");
        }

        if (WithoutSharedHeads.Contains(section.Architecture, StringComparer.Ordinal) && section.KeyValueHeads is { } shared && shared != section.Heads)
        {
            yield return new RuleViolation("key_value_heads", $"{section.Architecture} has as many heads of keys and values as heads", "leave out 'key_value_heads'");
        }
    }
}
