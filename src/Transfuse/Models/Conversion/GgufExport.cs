using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;
using Transfuse.Tokenization.Gguf;
using Transfuse.Tokenization.SentencePiece;

namespace Transfuse.Models.Conversion;

/// <summary>Writes the weights, the configuration and the tokenizer of a Hugging Face folder into one GGUF file, tensor by tensor.</summary>
internal sealed class GgufExport
{
    private const int ChunkElements = 1 << 18;
    private const int MostNamed = 8;
    private readonly SafetensorsCheckpoint _checkpoint;
    private readonly GgufArchitecture _architecture;
    private readonly GgufGeometry _geometry;
    private readonly ConfigTree _config;
    private readonly DType? _type;

    /// <summary>Prepares to write.</summary>
    /// <param name="checkpoint">Weights.</param>
    /// <param name="config">Configuration.</param>
    /// <param name="architecture">Where things go.</param>
    /// <param name="type">Type of matrices; null keeps each one's.</param>
    internal GgufExport(SafetensorsCheckpoint checkpoint, ConfigTree config, GgufArchitecture architecture, DType? type)
    {
        (_checkpoint, _config, _architecture, _type) = (checkpoint, config, architecture, type);
        _geometry = GgufGeometry.Of(architecture, config);
    }

    /// <summary>Writes the file.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="name">Name of the model.</param>
    /// <param name="tokenizerFolder">Folder with a tokenizer, or with none.</param>
    /// <param name="warn">Hears what is not as it should be.</param>
    /// <param name="cancellation">Ends the writing; no file is left.</param>
    internal void Write(string path, string name, string tokenizerFolder, Action<string> warn, CancellationToken cancellation)
    {
        var (keys, extra) = GgufConfig.Export(_architecture, _config);
        WarnOfLimits(warn);
        var sources = Sources();
        var infos = sources.ConvertAll(source => source.Info);
        var metadata = General(name, infos);
        metadata.AddRange(keys.Select(key => KeyValuePair.Create(key.Key, key.Value)));
        metadata.Add(new(GgufConfig.StoredKey, _config.Text));
        metadata.AddRange(TokenizerKeys(tokenizerFolder, warn));
        infos.AddRange(extra.Select(tensor => new GgufTensorInfo(tensor.Name, DType.F32, [tensor.Values.Length])));
        using var writer = new GgufWriter(path, metadata, infos);
        foreach (var source in sources)
        {
            cancellation.ThrowIfCancellationRequested();
            Copy(writer, source);
        }

        foreach (var (tensor, values) in extra)
        {
            writer.Write(tensor, values);
        }

        writer.Complete();
    }

    private void WarnOfLimits(Action<string> warn)
    {
        if (GgufConfig.WindowThatEndsContext(_architecture, _config) is { } window)
        {
            warn($"{_config.Path}: GGUF's '{_architecture.Name}' has no window of attention, so the context of the file ends at the window of {window:N0} tokens.");
        }

        if (_geometry.Layers > _geometry.FirstStackLayers)
        {
            warn($"{_config.Path}: the decoder is deeper than the encoder. llama.cpp 0.5.0 does not load such a file; Transfuse does.");
        }
    }

    private List<KeyValuePair<string, object>> General(string name, List<GgufTensorInfo> infos)
    {
        var main = infos.Where(info => info.Dimensions.Count > 1).GroupBy(info => info.Type).MaxBy(type => type.Sum(info => info.ByteCount))?.Key ?? DType.F32;
        List<KeyValuePair<string, object>> keys =
        [
            new("general.architecture", _architecture.Name), new("general.type", "model"), new("general.name", name),
            new("general.file_type", GgufTypes.ToFileType(main)),
        ];
        if (infos.Exists(info => info.Type.BlockElements() > 1))
        {
            keys.Add(new("general.quantization_version", 2u));
        }

        return keys;
    }

    /// <summary>Every tensor of the file and where it comes from.</summary>
    /// <exception cref="ModelFormatException">The folder has tensors that the architecture has not.</exception>
    private List<Source> Sources()
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        var isTied = IsTied();
        List<Source> sources = [];
        if (!isTied && _architecture.IsAlwaysTied)
        {
            throw new ModelFormatException(
                _checkpoint.Folder, $"has a head of its own, which GGUF's '{_architecture.Name}' has no place for: llama.cpp takes the embedding.");
        }

        foreach (var (gguf, huggingFace, rule) in _architecture.Expand(_geometry.Layers))
        {
            var isHead = string.Equals(gguf, GgufArchitecture.Head, StringComparison.Ordinal);
            if (!TryFind(huggingFace, out var file, out var entry)
                && !(isHead && isTied && _architecture.RepeatsTiedHead && TryFind(_architecture.HuggingFaceEmbedding, out file, out entry))
                && !(string.Equals(gguf, GgufArchitecture.Embedding, StringComparison.Ordinal) && TryFind(_architecture.HuggingFaceHead, out file, out entry)))
            {
                continue;
            }

            used.Add(entry.Name);
            if (!isHead || !isTied || _architecture.RepeatsTiedHead)
            {
                sources.Add(new Source(file, entry, rule.Order, rule.Factor?.Invoke(_config, _geometry) ?? 1, Info(gguf, entry, rule.Order, isTied)));
            }
        }

        string[] unknown = [.. _checkpoint.Names.Where(name => !used.Contains(name) && !_architecture.Ignored.Contains(name, StringComparer.Ordinal) && !CheckpointWeights.IsIgnored(name))];
        if (unknown.Length == 0)
        {
            return sources;
        }

        var rest = unknown.Length > MostNamed ? $" and {unknown.Length - MostNamed} more" : "";
        throw new ModelFormatException(
            _checkpoint.Folder, $"has tensors that GGUF's '{_architecture.Name}' has no place for: {string.Join(", ", unknown.Take(MostNamed))}{rest}.");
    }

    private GgufTensorInfo Info(string name, SafetensorsEntry entry, RowOrder order, bool isTied)
    {
        long[] dimensions = order == RowOrder.Transposed && entry.Dimensions.Count == 2 ? [.. entry.Dimensions.Reverse()] : [.. entry.Dimensions];
        var rows = dimensions.Length == 0 ? 0 : dimensions[0];
        if (!entry.Type.IsReal() || dimensions.Length is 0 or > 2 || (_geometry.ExpectedRows(order) is { } expected && rows != expected))
        {
            throw new ModelFormatException(
                _checkpoint.Folder, $"tensor '{entry.Name}' is {entry.Type} {entry.ShapeText}, expected real numbers in a vector or matrix with the rows that config.json gives.");
        }

        return new GgufTensorInfo(name, TypeOf(name, entry, dimensions, isTied), dimensions);
    }

    /// <summary>
    /// Vectors, norms, positions and relative biases stay F32. In Q4_0 the head (or an embedding that is also the head) is Q8_0, since it
    /// matters most; rows that are no whole number of blocks are F16.
    /// </summary>
    private DType TypeOf(string name, SafetensorsEntry entry, long[] dimensions, bool isTied)
    {
        if (dimensions.Length == 1 || name.Contains("norm", StringComparison.Ordinal) || name.Contains("position_embd", StringComparison.Ordinal)
            || name.Contains("attn_rel_b", StringComparison.Ordinal))
        {
            return DType.F32;
        }

        var type = _type ?? entry.Type switch { SafetensorsType.F16 => DType.F16, SafetensorsType.BF16 => DType.BF16, _ => DType.F32 };
        if (type == DType.Q4_0 && name is GgufArchitecture.Head || (type == DType.Q4_0 && isTied && name is GgufArchitecture.Embedding))
        {
            type = DType.Q8_0;
        }

        return dimensions[^1] % type.BlockElements() == 0 ? type : DType.F16;
    }

    /// <summary>Whether the configuration ties the head, and no other head is there.</summary>
    private bool IsTied()
    {
        var isTied = _config.Find("tie_word_embeddings") is not JsonValue value || !value.TryGetValue<bool>(out var ties) || ties;
        if (!isTied || !TryFind(_architecture.HuggingFaceHead, out var headFile, out var head) || !TryFind(_architecture.HuggingFaceEmbedding, out var file, out var embedding))
        {
            return isTied;
        }

        return CheckpointWeights.AreEqual(headFile, head, file, embedding);
    }

    private void Copy(GgufWriter writer, Source source)
    {
        var (file, entry, order, factor, info) = source;
        if ((order == RowOrder.Same && factor == 1) || (order == RowOrder.Transposed && entry.Dimensions.Count == 1))
        {
            // Chunks end at the end of a row, so at the end of a block.
            var columns = (int)info.Dimensions[^1];
            var step = Math.Max(1, ChunkElements / columns) * columns;
            var buffer = new float[Math.Min(step, entry.ElementCount)];
            for (var start = 0L; start < entry.ElementCount; start += step)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(step, entry.ElementCount - start));
                file.ReadSingles(entry, start, part);
                writer.Write(info.Name, part);
            }

            return;
        }

        if (entry.ElementCount > Array.MaxLength)
        {
            throw new ModelFormatException(file.Path, $"tensor '{entry.Name}' has {entry.ElementCount:N0} elements, too many to rearrange.");
        }

        var values = new float[entry.ElementCount];
        file.ReadSingles(entry, 0, values);
        var rearranged = Rearranged(values, order, info);
        if (factor != 1)
        {
            foreach (ref var value in rearranged.AsSpan())
            {
                value = (float)(factor * value);
            }
        }

        writer.Write(info.Name, rearranged);
    }

    private float[] Rearranged(float[] values, RowOrder order, GgufTensorInfo info)
    {
        if (order == RowOrder.PlusOne)
        {
            return Array.ConvertAll(values, value => value + 1);
        }

        if (order == RowOrder.Same)
        {
            return values;
        }

        var result = new float[values.Length];
        var columns = info.Dimensions.Count == 1 ? 1 : (int)info.Dimensions[^1];
        var rows = values.Length / columns;
        for (var row = 0; row < rows; row++)
        {
            if (order == RowOrder.Transposed)
            {
                for (var column = 0; column < columns; column++)
                {
                    result[(row * columns) + column] = values[(column * rows) + row];
                }
            }
            else
            {
                values.AsSpan(_geometry.HuggingFaceRow(order, row) * columns, columns).CopyTo(result.AsSpan(row * columns));
            }
        }

        return result;
    }

    private List<KeyValuePair<string, object>> TokenizerKeys(string folder, Action<string> warn)
    {
        List<KeyValuePair<string, object>> keys;
        if (!TokenizerFile.IsIn(folder))
        {
            warn($"{folder}: has no tokenizer, so the GGUF file has none; programs can load it but not read text.");
            keys = [new("tokenizer.ggml.model", "no_vocab")];
        }
        else
        {
            var tokenizer = (PipelineTokenizer)TokenizerFile.LoadDefinition(folder).Build(folder);
            keys = GgufTokenizerWriter.Keys(tokenizer, SentencePieceScores(folder), _config.Count("vocab_size"), folder, message => warn($"{folder}: {message}"));
            AddChatTemplate(keys, folder, warn);
        }

        // What the tokenizer does not say, the configuration may.
        foreach (var (role, key) in new[] { ("bos", "bos_token_id"), ("eos", "eos_token_id"), ("padding", "pad_token_id") })
        {
            var name = $"tokenizer.ggml.{role}_token_id";
            var id = _config.Find(key) is JsonArray { Count: > 0 } several ? _config.NumberOf(several[0], key) : _config.Find(key) is JsonArray ? null : _config.Number(key);
            if (id is >= 0 && !keys.Exists(pair => string.Equals(pair.Key, name, StringComparison.Ordinal)))
            {
                keys.Add(new(name, (uint)id));
            }
        }

        return keys;
    }

    private static void AddChatTemplate(List<KeyValuePair<string, object>> keys, string folder, Action<string> warn)
    {
        var templates = ChatTemplateFile.ReadAll(folder);
        if (ChatTemplateFile.Usual(templates) is { } usual)
        {
            keys.Add(new(GgufTokenizerReader.ChatTemplateKey, usual));
        }

        if (templates.Count > 1)
        {
            warn($"{folder}: has {templates.Count} chat templates; the GGUF file keeps the usual one.");
        }
    }

    private static Dictionary<string, float>? SentencePieceScores(string folder)
    {
        var file = Path.Combine(folder, "tokenizer.model");
        if (!File.Exists(file))
        {
            return null;
        }

        var scores = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var (text, score, _) in SentencePieceReader.Read(File.ReadAllBytes(file), file).Pieces)
        {
            scores.TryAdd(text, score);
        }

        return scores;
    }

    /// <summary>Finds a tensor under its full name or, in a file of the bare model, without the prefix.</summary>
    private bool TryFind(string name, out SafetensorsFile file, out SafetensorsEntry entry) =>
        _checkpoint.TryFind(name, out file, out entry)
        || (name.StartsWith(_architecture.Prefix, StringComparison.Ordinal) && _checkpoint.TryFind(name[_architecture.Prefix.Length..], out file, out entry));

    private sealed record Source(SafetensorsFile File, SafetensorsEntry Entry, RowOrder Order, double Factor, GgufTensorInfo Info);
}
