using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Models.Mpt;
using Transfuse.Tests.Models.Golden;

namespace Transfuse.Tests.Models;

/// <summary>OPT and MPT in double precision, straight from the formulas of their papers and the tensors of their files: every number by itself.</summary>
internal sealed class NaiveDecoder
{
    private readonly Dictionary<string, float[]> _tensors;
    private readonly ModelConfig _config;
    private readonly string _layers;

    internal NaiveDecoder(LanguageModel model)
    {
        _tensors = GoldenTraining.ByFileName(model, parameter => parameter.Value);
        _config = model.Config;
        _layers = Opt is null ? "transformer.blocks" : "model.decoder.layers";
    }

    private OptConfig? Opt => _config as OptConfig;

    private MptConfig? Mpt => _config as MptConfig;

    /// <summary>Logits of all tokens of one document.</summary>
    internal double[] Logits(ReadOnlySpan<int> ids)
    {
        var embedding = Opt is null ? "transformer.wte.weight" : "model.decoder.embed_tokens.weight";
        var width = _tensors[embedding].Length / _config.VocabularySize;
        var hidden = new double[ids.Length][];
        for (var i = 0; i < ids.Length; i++)
        {
            hidden[i] = [.. _tensors[embedding].Skip(ids[i] * width).Take(width).Select(value => (double)value)];
            hidden[i] = _tensors.ContainsKey("model.decoder.project_in.weight") ? Linear(hidden[i], "model.decoder.project_in") : hidden[i];
            var positions = Opt is null ? "transformer.wpe.weight" : "model.decoder.embed_positions.weight";
            if (_tensors.TryGetValue(positions, out var table))
            {
                var row = Opt is null ? i : i + 2;
                hidden[i] = [.. hidden[i].Select((value, column) => value + table[(row * _config.HiddenSize) + column])];
            }
        }

        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            hidden = Block(hidden, layer);
        }

        return [.. hidden.SelectMany(Head)];
    }

    private double[][] Block(double[][] x, int layer)
    {
        var prefix = $"{_layers}.{layer}";
        string[] norms = Opt is null ? ["norm_1", "norm_2"] : ["self_attn_layer_norm", "final_layer_norm"];
        string[] parts = Opt is null ? ["ffn.up_proj", "ffn.down_proj"] : ["fc1", "fc2"];
        double[] FeedForward(double[] values) =>
            Linear([.. Linear(values, $"{prefix}.{parts[0]}").Select(value => Opt is null ? value * 0.5 * (1 + Erf(value / Math.Sqrt(2))) : Math.Max(0, value))], $"{prefix}.{parts[1]}");

        if (Opt is { NormsFirst: false })
        {
            var sums = Add(x, Attention(x, prefix)).Select(row => Norm(row, $"{prefix}.{norms[0]}")).ToArray();
            return [.. Add(sums, [.. sums.Select(FeedForward)]).Select(row => Norm(row, $"{prefix}.{norms[1]}"))];
        }

        x = Add(x, Attention([.. x.Select(row => Norm(row, $"{prefix}.{norms[0]}"))], prefix));
        return Add(x, [.. x.Select(row => FeedForward(Norm(row, $"{prefix}.{norms[1]}")))]);
    }

    private double[][] Attention(double[][] x, string prefix)
    {
        var (heads, size) = (_config.HeadCount, _config.HeadSize);
        var group = heads / _config.KeyValueHeadCount;
        var projected = x.Select(row => Project(row, prefix)).ToArray();
        var scale = Mpt?.SoftmaxScale ?? 1 / Math.Sqrt(size);
        float[]? slopes = Mpt is { HasAlibi: true } ? MptArchitecture.AlibiSlopes(heads, Mpt.AlibiBiasMax) : null;
        var result = new double[x.Length][];
        for (var i = 0; i < x.Length; i++)
        {
            var mixed = new double[heads * size];
            for (var head = 0; head < heads; head++)
            {
                var keyHead = head / group;
                var weights = new double[i + 1];
                for (var j = 0; j <= i; j++)
                {
                    var score = 0.0;
                    for (var c = 0; c < size; c++)
                    {
                        score += projected[i].Query[(head * size) + c] * projected[j].Key[(keyHead * size) + c];
                    }

                    weights[j] = Math.Exp((scale * score) - ((slopes?[head] ?? 0) * (i - j)));
                }

                var sum = weights.Sum();
                for (var c = 0; c < size; c++)
                {
                    for (var j = 0; j <= i; j++)
                    {
                        mixed[(head * size) + c] += weights[j] / sum * projected[j].Value[(keyHead * size) + c];
                    }
                }
            }

            result[i] = Linear(mixed, Opt is null ? $"{prefix}.attn.out_proj" : $"{prefix}.self_attn.out_proj");
        }

        return result;
    }

    private (double[] Query, double[] Key, double[] Value) Project(double[] x, string prefix)
    {
        if (Opt is not null)
        {
            return (Linear(x, $"{prefix}.self_attn.q_proj"), Linear(x, $"{prefix}.self_attn.k_proj"), Linear(x, $"{prefix}.self_attn.v_proj"));
        }

        var all = Linear(x, $"{prefix}.attn.Wqkv");
        all = Mpt!.ClipQkv is { } clip ? [.. all.Select(value => Math.Clamp(value, -clip, clip))] : all;
        var keys = Mpt.KeyValueHeadCount * Mpt.HeadSize;
        var (query, key, value) = (all[..Mpt.HiddenSize], all[Mpt.HiddenSize..(Mpt.HiddenSize + keys)], all[(Mpt.HiddenSize + keys)..]);
        return Mpt.NormsQueriesAndKeys ? (Norm(query, $"{prefix}.attn.q_ln"), Norm(key, $"{prefix}.attn.k_ln"), value) : (query, key, value);
    }

    private double[] Head(double[] hidden)
    {
        var norm = Opt is null ? "transformer.norm_f" : "model.decoder.final_layer_norm";
        hidden = _tensors.ContainsKey($"{norm}.weight") ? Norm(hidden, norm) : hidden;
        hidden = _tensors.ContainsKey("model.decoder.project_out.weight") ? Linear(hidden, "model.decoder.project_out") : hidden;
        var head = _tensors.ContainsKey("lm_head.weight") ? "lm_head" : Opt is null ? "transformer.wte" : "model.decoder.embed_tokens";
        return [.. Linear(hidden, head).Select(value => value * (Mpt?.LogitScale ?? 1))];
    }

    private double[] Linear(double[] x, string name)
    {
        var weight = _tensors[$"{name}.weight"];
        var bias = _tensors.GetValueOrDefault($"{name}.bias");
        var result = new double[weight.Length / x.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = bias?[i] ?? 0;
            for (var j = 0; j < x.Length; j++)
            {
                result[i] += (double)weight[(i * x.Length) + j] * x[j];
            }
        }

        return result;
    }

    private double[] Norm(double[] x, string name)
    {
        var (weight, bias) = (_tensors[$"{name}.weight"], _tensors.GetValueOrDefault($"{name}.bias"));
        var mean = x.Average();
        var variance = x.Average(value => (value - mean) * (value - mean));
        return [.. x.Select((value, i) => ((value - mean) / Math.Sqrt(variance + _config.NormEpsilon) * weight[i]) + (bias?[i] ?? 0))];
    }

    private static double[][] Add(double[][] a, double[][] b) => [.. a.Zip(b, (x, y) => x.Zip(y, (p, q) => p + q).ToArray())];

    // Its power series; beyond 4 it is 1 within 2e-8.
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 4)
        {
            return Math.Sign(x);
        }

        var (sum, term) = (0.0, x);
        for (var n = 0; n < 90; n++)
        {
            sum += term / ((2 * n) + 1);
            term *= -x * x / (n + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
