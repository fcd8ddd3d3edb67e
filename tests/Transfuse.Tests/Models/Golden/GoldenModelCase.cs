using System.Text.Json;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>One folder of a model with the outputs that the original library gave for it.</summary>
internal sealed class GoldenModelCase : IDisposable
{
    internal const string Area = "models";
    private readonly JsonDocument _json;
    private readonly SafetensorsFile _arrays;
    private readonly ITestOutputHelper _output;

    internal GoldenModelCase(string name, ITestOutputHelper output, string area = Area)
    {
        Name = name;
        Folder = Path.Combine(Shared.Golden.Root, area, name);
        _output = output;
        _json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "golden.json")));
        _arrays = SafetensorsFile.Open(Path.Combine(Folder, "golden.safetensors"));
    }

    internal string Name { get; }

    internal string Folder { get; }

    internal JsonElement Json => _json.RootElement;

    internal IEnumerable<string> ArrayNames => _arrays.Entries.Select(entry => entry.Name);

    /// <summary>Why this test does not cover a folder, or null if it does: read from its config.json alone.</summary>
    internal static string? WhyNotCovered(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Shared.Golden.Root, Area, name, ModelConfig.FileName)));
        var config = document.RootElement;
        var type = config.GetProperty("model_type").GetString()!;
        if (!ModelConfig.KnownTypes.Contains(type, StringComparer.Ordinal))
        {
            return $"model_type {type}";
        }

        foreach (var key in (string[])["rope_scaling", "rope_parameters"])
        {
            if (config.TryGetProperty(key, out var rope) && rope.ValueKind == JsonValueKind.Object
                && (rope.TryGetProperty("rope_type", out var ropeType) || rope.TryGetProperty("type", out ropeType))
                && !RopeParameters.SupportedTypes.Contains(ropeType.GetString()!, StringComparer.Ordinal))
            {
                return $"rope type {ropeType.GetString()}";
            }
        }

        return null;
    }

    internal bool Has(string array) => _arrays.Find(array) is not null;

    internal double Tolerance(string quantity) => Json.GetProperty("tolerance").GetProperty(quantity).GetDouble();

    internal float[] Reals(string name)
    {
        var values = new float[_arrays.Get(name).ElementCount];
        _arrays.ReadSingles(_arrays.Get(name), 0, values);
        return values;
    }

    internal int[] Integers(string name) => Array.ConvertAll(_arrays.ReadInt64s(_arrays.Get(name)), value => (int)value);

    internal long[] Dimensions(string name) => [.. _arrays.Get(name).Dimensions];

    /// <summary>The rows of [N, T] as a batch of N documents.</summary>
    internal TokenBatch Batch(string name) =>
        TokenBatch.FromLengths(Integers(name), Enumerable.Repeat((int)Dimensions(name)[1], (int)Dimensions(name)[0]).ToArray());

    /// <summary>Compares element by element and reports case, quantity, largest difference and tolerance.</summary>
    internal void Compare(string quantity, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.False(expected.IsEmpty, $"{Name}: nothing to compare for {quantity}");
        var (largest, at) = (0.0, 0);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(expected[i] - actual[i]);
            Assert.False(double.IsNaN(difference), $"{Name}: {quantity}[{i}] is {actual[i]}, expected {expected[i]}");
            if (difference > largest)
            {
                (largest, at) = (difference, i);
            }
        }

        _output.WriteLine($"{Name}: {quantity}: {expected.Length} values, largest difference {largest:E2}, tolerance {tolerance:E2}");
        Assert.True(largest <= tolerance, $"{Name}: {quantity}[{at}]: expected {expected[at]:R}, got {actual[at]:R}, difference {largest:E2}, tolerance {tolerance:E2}");
    }

    internal void Compare(string quantity, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance) =>
        Compare(quantity, Widen(expected), Widen(actual), tolerance);

    internal void Say(string line) => _output.WriteLine($"{Name}: {line}");

    /// <summary>Logits [tokens, vocabulary] of hidden states, through the device's matrix product.</summary>
    internal static float[] Logits(LanguageModel model, Device device, Tensor hidden)
    {
        using var logits = device.Allocate(new Shape(hidden.Rows, model.VocabularySize));
        device.MatMul(MatMulLayout.NT, hidden, model.HeadWeight.Value, logits);
        return Array.ConvertAll(logits.AsSpan().ToArray(), value => value * model.HeadOptions.LogitScale);
    }

    internal static float[] Logits(LanguageModel model, Device device, TokenBatch batch)
    {
        using var tape = new Tape(device, recordGradients: false);
        return Logits(model, device, model.Forward(tape, batch).Value);
    }

    /// <summary>Log-softmax of every row, in double.</summary>
    internal static double[] LogProbabilities(ReadOnlySpan<float> logits, int vocabulary)
    {
        var result = new double[logits.Length];
        for (var start = 0; start < logits.Length; start += vocabulary)
        {
            var row = logits.Slice(start, vocabulary);
            var max = double.NegativeInfinity;
            foreach (var value in row)
            {
                max = Math.Max(max, value);
            }

            var sum = 0.0;
            foreach (var value in row)
            {
                sum += Math.Exp(value - max);
            }

            for (var i = 0; i < vocabulary; i++)
            {
                result[start + i] = row[i] - max - Math.Log(sum);
            }
        }

        return result;
    }

    public void Dispose()
    {
        _json.Dispose();
        _arrays.Dispose();
    }

    private static double[] Widen(ReadOnlySpan<float> values)
    {
        var result = new double[values.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = values[i];
        }

        return result;
    }
}
