using System.Text.Json;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tensors.Tests.Optimizers;

/// <summary>Every trajectory of AdamW and of both methods named Adafactor and every learning-rate curve of a kind we have, in any folder of the area 'losses'.</summary>
[Trait("Category", "Reference")]
public sealed class GoldenOptimizerTests(ITestOutputHelper output)
{
    private const string Area = "losses";

    [GoldenFact(Area)]
    public void AdamW_follows_PyTorch_step_by_step()
    {
        var compared = 0;
        foreach (var (folder, item) in CasesWith("class"))
        {
            // AMSGrad is another method under the same class.
            var arguments = item.GetProperty("args");
            if (item.GetProperty("class").ValueEquals("torch.AdamW") && !arguments.TryGetProperty("amsgrad", out _))
            {
                Follow(GoldenArrays.Read(Path.Combine(folder, "golden.safetensors")), item, arguments);
                compared++;
            }
        }

        Assert.True(compared > 0, "No AdamW case was found among the goldens.");
    }

    [GoldenFact(Area)]
    public void Adafactor_follows_transformers_and_PyTorch_step_by_step()
    {
        var compared = 0;
        foreach (var (folder, item) in CasesWith("class"))
        {
            var method = item.GetProperty("class").GetString();
            if (method is "transformers.Adafactor" or "torch.Adafactor")
            {
                var arguments = item.GetProperty("args");
                var options = method is "torch.Adafactor" ? PyTorchAdafactor(arguments) : TransformersAdafactor(arguments);
                FollowAdafactor(GoldenArrays.Read(Path.Combine(folder, "golden.safetensors")), item, options);
                compared++;
            }
        }

        Assert.True(compared > 0, "No Adafactor case was found among the goldens.");
    }

    [GoldenFact(Area)]
    public void Schedules_follow_Hugging_Face()
    {
        var compared = 0;
        foreach (var (_, item) in CasesWith("scheduler"))
        {
            if (ScheduleOf(item) is not { } schedule)
            {
                continue;
            }

            // Their step t, from 0, is our step t, from 1; past the end ours stays where it is and their cosine rises again.
            var rates = item.GetProperty("lr_at_step").EnumerateArray().Select(rate => rate.GetDouble()).ToArray();
            var largest = 0.0;
            for (var step = 1; step < Math.Min(rates.Length, schedule.Steps + 1); step++)
            {
                var difference = Math.Abs(schedule.At(step) - rates[step]);
                largest = Math.Max(largest, difference);
                Assert.True(difference <= 1e-12 * schedule.Peak, $"{item.GetProperty("id")}, step {step}: {schedule.At(step):R} for {rates[step]:R}");
            }

            output.WriteLine($"{item.GetProperty("id")}: learning rate, largest difference {largest:E1}, tolerance {1e-12 * schedule.Peak:E1}");
            compared++;
        }

        Assert.True(compared > 0, "No schedule was found among the goldens.");
    }

    private static IEnumerable<(string Folder, JsonElement Case)> CasesWith(string property)
    {
        foreach (var folder in Directory.GetDirectories(Path.Combine(Golden.Root, Area)).Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
            foreach (var item in document.RootElement.GetProperty("cases").EnumerateArray().Where(item => item.TryGetProperty(property, out _)))
            {
                yield return (folder, item.Clone());
            }
        }
    }

    private void Follow(GoldenArrays arrays, JsonElement item, JsonElement arguments)
    {
        double Number(string name, double otherwise) => arguments.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;
        var betas = arguments.TryGetProperty("betas", out var pair) ? pair.EnumerateArray().Select(beta => beta.GetSingle()).ToArray() : [0.9f, 0.999f];
        var decayOfBias = item.GetProperty("weight_decay_of_b");
        var options = new AdamWOptions
        {
            Beta1 = betas[0],
            Beta2 = betas[1],
            Epsilon = (float)Number("eps", 1e-8),
            WeightDecay = (float)Number("weight_decay", 0.01),
        };
        var clip = item.GetProperty("clip_grad_norm");
        using var device = new CpuDevice(threads: 1);
        using var w = new Parameter("W", device.ToTensor(arrays.Singles("W0")));
        using var b = new Parameter("b", device.ToTensor(arrays.Singles("b0"))) { Decays = decayOfBias.ValueKind == JsonValueKind.String };
        using var optimizer = new AdamWOptimizer(device, [w, b], options);
        double[] expectedW = arrays.Doubles(item.GetProperty("W").GetString()!), expectedB = arrays.Doubles(item.GetProperty("b").GetString()!);
        float[] gradientW = arrays.Singles("gradW"), gradientB = arrays.Singles("gradb");
        int sizeW = (int)w.Value.Length, sizeB = (int)b.Value.Length, steps = gradientW.Length / sizeW;
        var largest = 0.0;
        for (var step = 0; step < steps; step++)
        {
            Set(w, gradientW.AsSpan(step * sizeW, sizeW), device);
            Set(b, gradientB.AsSpan(step * sizeB, sizeB), device);
            var norm = GradientClipping.GlobalNorm(device, [w, b]);
            if (item.GetProperty("grad_norm_before_clip") is { ValueKind: JsonValueKind.Array } norms)
            {
                Assert.Equal(norms[step].GetDouble(), norm, 1e-5);
            }

            optimizer.Step(arguments.GetProperty("lr").GetDouble(), GradientClipping.ScaleFor(norm, clip.ValueKind == JsonValueKind.Null ? 0 : clip.GetDouble()));
            largest = Math.Max(largest, Compare(expectedW.AsSpan(step * sizeW, sizeW), w.Value.AsSpan(), $"{item.GetProperty("id")}.W, step {step}"));
            largest = Math.Max(largest, Compare(expectedB.AsSpan(step * sizeB, sizeB), b.Value.AsSpan(), $"{item.GetProperty("id")}.b, step {step}"));
        }

        output.WriteLine($"{item.GetProperty("id")}: parameters over {steps} steps, largest difference {largest:E1}, tolerance 2E-6");
    }

    private static AdafactorOptions TransformersAdafactor(JsonElement arguments)
    {
        T Value<T>(string name, T otherwise, Func<JsonElement, T> read) =>
            arguments.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? read(value) : otherwise;
        return new AdafactorOptions
        {
            ClipThreshold = Value("clip_threshold", 1.0, value => value.GetDouble()),
            DecayRate = Value("decay_rate", -0.8, value => value.GetDouble()),
            Beta1 = Value<float?>("beta1", null, value => value.GetSingle()),
            WeightDecay = Value("weight_decay", 0f, value => value.GetSingle()),
            ScaleParameter = Value("scale_parameter", true, value => value.GetBoolean()),
            RelativeStep = Value("relative_step", true, value => value.GetBoolean()),
            WarmupInit = Value("warmup_init", false, value => value.GetBoolean()),
        };
    }

    private static AdafactorOptions PyTorchAdafactor(JsonElement arguments)
    {
        double Number(string name, double otherwise) => arguments.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;
        Assert.False(arguments.TryGetProperty("maximize", out _) || arguments.TryGetProperty("eps", out _), "The test does not know this option.");
        return AdafactorOptions.PyTorch with
        {
            ClipThreshold = Number("d", 1),
            DecayRate = Number("beta2_decay", -0.8),
            WeightDecay = (float)Number("weight_decay", 0),
        };
    }

    private void FollowAdafactor(GoldenArrays arrays, JsonElement item, AdafactorOptions options)
    {
        var rate = item.GetProperty("args").TryGetProperty("lr", out var given) && given.ValueKind == JsonValueKind.Number ? given.GetDouble() : 0;
        var shape = arrays.Shape("W0");
        using var device = new CpuDevice(threads: 1);
        using var w = new Parameter("W", device.ToTensor(arrays.Singles("W0")).Reshape(new Shape(shape[0], shape[1])));
        using var b = new Parameter("b", device.ToTensor(arrays.Singles("b0")));
        using var optimizer = new AdafactorOptimizer(device, [w, b], options);
        double[] expectedW = arrays.Doubles(item.GetProperty("W").GetString()!), expectedB = arrays.Doubles(item.GetProperty("b").GetString()!);
        float[] gradientW = arrays.Singles("gradW"), gradientB = arrays.Singles("gradb");
        int sizeW = (int)w.Value.Length, sizeB = (int)b.Value.Length;
        var largest = 0.0;
        for (var step = 0; step < gradientW.Length / sizeW; step++)
        {
            Set(w, gradientW.AsSpan(step * sizeW, sizeW), device);
            Set(b, gradientB.AsSpan(step * sizeB, sizeB), device);
            optimizer.Step(rate);
            largest = Math.Max(largest, Compare(expectedW.AsSpan(step * sizeW, sizeW), w.Value.AsSpan(), $"{item.GetProperty("id")}.W, step {step}"));
            largest = Math.Max(largest, Compare(expectedB.AsSpan(step * sizeB, sizeB), b.Value.AsSpan(), $"{item.GetProperty("id")}.b, step {step}"));
        }

        output.WriteLine($"{item.GetProperty("id")}: parameters, largest difference {largest:E1}, tolerance 2E-6");
    }

    private static void Set(Parameter parameter, ReadOnlySpan<float> gradient, CpuDevice device)
    {
        parameter.ZeroGradient(device);
        gradient.CopyTo(parameter.Gradient!.AsSpan());
    }

    private static double Compare(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, string what)
    {
        TensorAssert.Close(expected, actual, 2e-6, 0, what);
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
        }

        return largest;
    }

    /// <summary>Our schedule of the same meaning; null for kinds that we do not have.</summary>
    private static LearningRateSchedule? ScheduleOf(JsonElement item)
    {
        var peak = item.GetProperty("lr").GetDouble();
        var specific = item.GetProperty("specific");
        ScheduleKind? kind = item.GetProperty("scheduler").GetString() switch
        {
            "constant" or "constant_with_warmup" => ScheduleKind.Constant,
            "linear" => ScheduleKind.Linear,
            "cosine" or "cosine_with_min_lr" when !specific.TryGetProperty("num_cycles", out _) => ScheduleKind.Cosine,
            _ => null,
        };
        return kind is null ? null : new LearningRateSchedule
        {
            Kind = kind.Value,
            Peak = peak,
            Steps = item.TryGetProperty("num_training_steps", out var steps) ? steps.GetInt32() : item.GetProperty("lr_at_step").GetArrayLength() - 1,
            WarmupSteps = item.TryGetProperty("num_warmup_steps", out var warmup) ? warmup.GetInt32() : 0,
            Floor = specific.TryGetProperty("min_lr_rate", out var rate) ? rate.GetDouble()
                : specific.TryGetProperty("min_lr", out var minimum) ? minimum.GetDouble() / peak
                : 0,
        };
    }
}
