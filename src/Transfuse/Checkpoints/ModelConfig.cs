using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Checkpoints;

/// <summary>
/// The shape of a model: what its <c>config.json</c> says, with the defaults of transformers where it is silent. Of a model that also sees images
/// (Gemma 3) it is that of the part that reads text.
/// </summary>
public abstract record ModelConfig
{
    /// <summary>Name of the file in a model folder.</summary>
    public const string FileName = "config.json";

    private const int MaxSize = 1 << 24;
    private static readonly Dictionary<string, Func<ConfigReader, ModelConfig>> Readers = AllReaders();

    // Models of text and images, and the type of the part that reads text.
    private static readonly Dictionary<string, string> TextParts = new(StringComparer.Ordinal) { ["gemma3"] = LlamaVariant.Gemma3.ModelType };

    /// <summary>The values of <c>model_type</c> that can be read, of models of text and images their text part.</summary>
    public static IReadOnlyList<string> KnownTypes { get; } = [.. Readers.Keys.Concat(TextParts.Keys).Order(StringComparer.Ordinal)];

    /// <summary>The key <c>model_type</c>.</summary>
    public abstract string ModelType { get; }

    /// <summary>The class in transformers that loads it, for the key <c>architectures</c>.</summary>
    public abstract string ArchitectureName { get; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width between the two projections of the feed-forward part.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Number of key and value heads.</summary>
    public abstract int KeyValueHeadCount { get; }

    /// <summary>Elements of one head.</summary>
    public abstract int HeadSize { get; }

    /// <summary>Most positions the model was trained for.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Most positions of an input with which the model is still good: <see cref="MaxPositions"/>, stretched where its file says so elsewhere.</summary>
    public virtual int ContextWindow => MaxPositions;

    /// <summary>Whether longer inputs than <see cref="ContextWindow"/> are provided for.</summary>
    public virtual bool HasOpenWindow => false;

    /// <summary>ε of the norms.</summary>
    public abstract double NormEpsilon { get; init; }

    /// <summary>Whether the head is the embedding.</summary>
    public abstract bool TiesEmbeddings { get; init; }

    /// <summary>Name of the feed-forward part's activation.</summary>
    public virtual string Activation { get; init; } = "gelu";

    /// <summary>Standard deviation of initial weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Id that begins a text, or null.</summary>
    public int? BosId { get; init; }

    /// <summary>Ids that end a text; none, one or several.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>Id for padding, or null.</summary>
    public int? PadId { get; init; }

    /// <summary>Keys of the file that mean nothing here, with their JSON text; written back as they were.</summary>
    public IReadOnlyDictionary<string, string> OtherKeys { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Reads the <c>config.json</c> of a folder.</summary>
    /// <exception cref="ModelFormatException">It is missing, no JSON, of an unknown type, or a key holds what it cannot.</exception>
    public static ModelConfig Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, FileName);
        return JsonInput.ReadFile(path, root => Read(root, path));
    }

    /// <summary>Reads the text of a <c>config.json</c>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="path">Where it comes from, for errors.</param>
    /// <exception cref="ModelFormatException">It is no JSON, of an unknown type, or a key holds what it cannot.</exception>
    public static ModelConfig Parse(string json, string path)
    {
        ArgumentNullException.ThrowIfNull(json);
        return JsonInput.Read(Encoding.UTF8.GetBytes(json), path, "file", root => Read(root, path));
    }

    /// <summary>The text of a <c>config.json</c> that transformers 4 and 5 read.</summary>
    /// <param name="weightType">Element type of the weights beside it, in PyTorch's words: <c>float32</c>, <c>bfloat16</c>, <c>float16</c>.</param>
    public string ToJson(string weightType = "float32")
    {
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue(ArchitectureName);
            json.WriteEndArray();
            json.WriteString("model_type", ModelType);
            json.WriteString("torch_dtype", weightType);
            json.WriteNumber("vocab_size", VocabularySize);
            WriteKeys(json);
            json.WriteReal(Keys.InitializerRange, InitializerRange);
            json.WriteBoolean("tie_word_embeddings", TiesEmbeddings);
            json.WriteId("bos_token_id", BosId);
            json.WriteIds("eos_token_id", EosIds);
            json.WriteId("pad_token_id", PadId);
            foreach (var (key, value) in OtherKeys.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WritePropertyName(key);
                json.WriteRawValue(value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>Everything that is wrong with the values, as clauses that name the key; empty if a model can be made.</summary>
    public virtual IEnumerable<string> Problems()
    {
        (string Key, int Value, int Maximum)[] sizes =
        [
            ("vocab_size", VocabularySize, MaxSize), ("hidden size", HiddenSize, MaxSize), ("intermediate size", IntermediateSize, MaxSize),
            ("number of layers", LayerCount, 4096), ("number of heads", HeadCount, 1 << 16), ("number of key and value heads", KeyValueHeadCount, 1 << 16),
            ("head size", HeadSize, 1 << 16), ("number of positions", MaxPositions, int.MaxValue),
        ];
        foreach (var (key, value, maximum) in sizes)
        {
            if (value < 1 || value > maximum)
            {
                yield return $"the {key} is {value}, expected 1 to {maximum}";
            }
        }

        if (KeyValueHeadCount > 0 && HeadCount % KeyValueHeadCount != 0)
        {
            yield return $"{HeadCount} query heads cannot be shared out among {KeyValueHeadCount} key and value heads; expected a divisor";
        }

        if (InitializerRange is not (>= 0 and <= 100))
        {
            yield return $"key '{Keys.InitializerRange}' is {InitializerRange}, expected 0 to 100";
        }

        foreach (var problem in Activations.Check(Keys.Activation ?? "activation", Activation))
        {
            yield return problem;
        }
    }

    /// <summary>Tokens that a token of the layer sees, itself included; 0 for all before it.</summary>
    internal virtual int WindowOf(int layer) => 0;

    /// <summary>What the architecture calls the values that all have.</summary>
    private protected virtual ConfigKeys Keys => new();

    /// <summary>A copy of <paramref name="defaults"/> with what the file says under the keys that all architectures have.</summary>
    /// <param name="config">The file.</param>
    /// <param name="defaults">The values of the class in transformers, which count where the file is silent.</param>
    private protected static TConfig ReadShared<TConfig>(ConfigReader config, TConfig defaults)
        where TConfig : ModelConfig
    {
        ModelConfig values = defaults;
        var keys = values.Keys;
        return (TConfig)(values with
        {
            VocabularySize = Size(config, "vocab_size", values.VocabularySize),
            HiddenSize = Size(config, keys.HiddenSize, values.HiddenSize),
            IntermediateSize = keys.IntermediateSize is null ? values.IntermediateSize : Size(config, keys.IntermediateSize, values.IntermediateSize),
            LayerCount = Size(config, keys.LayerCount, values.LayerCount),
            HeadCount = Size(config, keys.HeadCount, values.HeadCount),
            MaxPositions = config.Int32(keys.MaxPositions, values.MaxPositions),
            NormEpsilon = keys.NormEpsilon is null ? values.NormEpsilon : config.Real(keys.NormEpsilon, values.NormEpsilon, 0, 1),
            Activation = keys.Activation is null ? values.Activation : config.Text(keys.Activation, values.Activation),
            TiesEmbeddings = config.Boolean("tie_word_embeddings", values.TiesEmbeddings),
            InitializerRange = config.Real(keys.InitializerRange, values.InitializerRange, 0, 100),
            BosId = config.Has("bos_token_id") ? config.OptionalInt32("bos_token_id", -1) : values.BosId,
            EosIds = config.Ids("eos_token_id", values.EosIds),
            PadId = config.Has("pad_token_id") ? config.OptionalInt32("pad_token_id", -1) : values.PadId,
        });
    }

    /// <summary>Writes the shape under the keys that <see cref="ReadShared"/> reads; the others of its keys are written for every architecture.</summary>
    private protected void WriteShape(Utf8JsonWriter json)
    {
        json.WriteNumber(Keys.HiddenSize, HiddenSize);
        if (Keys.IntermediateSize is { } intermediate)
        {
            json.WriteNumber(intermediate, IntermediateSize);
        }

        json.WriteNumber(Keys.LayerCount, LayerCount);
        json.WriteNumber(Keys.HeadCount, HeadCount);
        json.WriteNumber(Keys.MaxPositions, MaxPositions);
        if (Keys.NormEpsilon is { } epsilon)
        {
            json.WriteReal(epsilon, NormEpsilon);
        }

        if (Keys.Activation is { } activation)
        {
            json.WriteString(activation, Activation);
        }
    }

    /// <summary>Writes the keys of the architecture.</summary>
    private protected abstract void WriteKeys(Utf8JsonWriter json);

    /// <summary>The largest size that a key may hold.</summary>
    private protected static int Size(ConfigReader config, string key, int fallback) => config.Int32(key, fallback, 1, MaxSize);

    /// <summary>Problem if <paramref name="hidden"/> cannot be cut into <paramref name="heads"/> equal heads.</summary>
    private protected static IEnumerable<string> CheckHeads(int hidden, int heads)
    {
        if (heads > 0 && hidden % heads != 0)
        {
            yield return $"a hidden size of {hidden} cannot be cut into {heads} heads";
        }
    }

    private static Dictionary<string, Func<ConfigReader, ModelConfig>> AllReaders()
    {
        var readers = LlamaVariant.All.ToDictionary(
            variant => variant.ModelType, variant => new Func<ConfigReader, ModelConfig>(config => LlamaConfig.Read(config, variant)), StringComparer.Ordinal);
        readers.Add(GptNeoXConfig.Type, GptNeoXConfig.Read);
        readers.Add(MptConfig.Type, MptConfig.Read);
        readers.Add(Gpt2Config.Type, Gpt2Config.Read);
        readers.Add(OptConfig.Type, OptConfig.Read);
        readers.Add(T5Config.Type, T5Config.Read);
        return readers;
    }

    private static ModelConfig Read(JsonElement root, string path)
    {
        var reader = new ConfigReader(root, path);
        var type = reader.Text("model_type", "");
        return TextParts.TryGetValue(type, out var textType) ? ReadTextPart(reader, textType) : Read(reader, type);
    }

    private static ModelConfig Read(ConfigReader reader, string type)
    {
        if (!Readers.TryGetValue(type, out var read))
        {
            throw new ModelFormatException(
                reader.Path, $"is of model_type '{type}', which is not supported; supported: {string.Join(", ", KnownTypes)}.");
        }

        // Written anew by ToJson, or about the program that wrote the file.
        reader.Ignore("model_type", "architectures", "torch_dtype", "dtype", "transformers_version", "_name_or_path");
        var config = read(reader);
        string[] problems = [.. config.Problems()];
        return problems.Length == 0
            ? config with { OtherKeys = reader.UnaskedKeys() }
            : throw new ModelFormatException(reader.Path, string.Join("; ", problems) + ".");
    }

    /// <summary>The text part of a model that also sees images; ids and ties stand beside it where it is silent.</summary>
    private static ModelConfig ReadTextPart(ConfigReader whole, string type)
    {
        var text = Read(whole.Object("text_config") ?? ConfigReader.Empty(whole.Path), type);
        return text with
        {
            TiesEmbeddings = whole.Boolean("tie_word_embeddings", text.TiesEmbeddings),
            BosId = whole.OptionalInt32("bos_token_id", -1) ?? text.BosId,
            EosIds = whole.Ids("eos_token_id", text.EosIds),
            PadId = whole.OptionalInt32("pad_token_id", -1) ?? text.PadId,
        };
    }
}
