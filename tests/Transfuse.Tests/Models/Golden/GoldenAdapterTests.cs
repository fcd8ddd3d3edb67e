using System.Text.Json;
using Transfuse.Adapters;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>Adapters that peft made, against what peft gave: every folder that holds one.</summary>
[Trait("Category", "Reference")]
public sealed class GoldenAdapterTests(ITestOutputHelper output) : IDisposable
{
    private const string Area = "lora";
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Adapters() =>
    [
        .. ((IEnumerable<object[]>)Shared.Golden.Cases(Area)).Select(row => (string)row[0])
            .Where(name => File.Exists(Path.Combine(Shared.Golden.Root, Area, name, LoraConfigFile.FileName))),
    ];

    public void Dispose() => _device.Dispose();

    [GoldenTheory(Area)]
    [MemberData(nameof(Adapters))]
    public void Logits_loss_and_gradients(string name)
    {
        using var golden = new GoldenModelCase(name, output, Area);
        using var model = LoadBase(golden);
        var batch = golden.Batch("input_ids");
        var tolerance = golden.Tolerance("logits_abs");
        golden.Compare("logits without adapter", golden.Reals("logits_base"), GoldenModelCase.Logits(model, _device, batch), tolerance);
        using var adapter = ModelAdapters.Load(model, golden.Folder, _device);
        golden.Compare("logits with adapter", golden.Reals("logits"), GoldenModelCase.Logits(model, _device, batch), tolerance);
        foreach (var (module, scale) in golden.Json.GetProperty("scaling_per_module").EnumerateObject().Select(item => (item.Name, item.Value.GetDouble())))
        {
            Assert.Equal(scale, adapter.Config.ScaleOf(module), 1e-9);
        }

        foreach (var recompute in (bool[])[false, true])
        {
            var loss = Loss(model, adapter, golden, recompute);
            golden.Compare("loss", [golden.Json.GetProperty("loss").GetDouble()], [loss], golden.Tolerance("loss_abs"));
            CompareTensors(golden, "grad|", FileTensors(model, adapter, parameter => parameter.Gradient!), golden.Tolerance("grad_abs"));
        }

        Assert.All(model.Parameters.Except(adapter.SavedParameters), parameter => Assert.False(parameter.IsTrainable));
    }

    [GoldenTheory(Area)]
    [MemberData(nameof(Adapters))]
    public void Five_steps_of_AdamW(string name)
    {
        using var golden = new GoldenModelCase(name, output, Area);
        using var model = LoadBase(golden);
        using var adapter = ModelAdapters.Load(model, golden.Folder, _device);
        foreach (var parameter in adapter.Parameters)
        {
            parameter.Decays = true;
        }

        var training = golden.Json.GetProperty("training");
        var options = training.GetProperty("options");
        double[] expected = [.. training.GetProperty("losses_before_each_step_and_after_the_last").EnumerateArray().Select(loss => loss.GetDouble())];
        using var optimizer = new AdamWOptimizer(_device, adapter.Parameters, new AdamWOptions
        {
            Beta1 = (float)options.GetProperty("betas")[0].GetDouble(),
            Beta2 = (float)options.GetProperty("betas")[1].GetDouble(),
            Epsilon = (float)options.GetProperty("eps").GetDouble(),
            WeightDecay = (float)options.GetProperty("weight_decay").GetDouble(),
        });
        var losses = new double[expected.Length];
        for (var step = 0; step < expected.Length; step++)
        {
            losses[step] = Loss(model, adapter, golden, recompute: false);
            if (step < expected.Length - 1)
            {
                optimizer.Step(options.GetProperty("lr").GetDouble());
            }
        }

        golden.Compare("losses", expected, losses, golden.Tolerance("losses_of_steps_abs"));
        CompareTensors(golden, "after5|", FileTensors(model, adapter, parameter => parameter.Value), golden.Tolerance("parameters_after_5_steps_abs"));
    }

    [GoldenTheory(Area)]
    [MemberData(nameof(Adapters))]
    public void Merging(string name)
    {
        using var golden = new GoldenModelCase(name, output, Area);
        using var model = LoadBase(golden);
        using var adapter = ModelAdapters.Load(model, golden.Folder, _device);
        ModelAdapters.Merge(model, adapter, _device);
        CompareTensors(golden, "merged|", GoldenTraining.ByFileName(model, parameter => parameter.Value), golden.Tolerance("merged_weights_abs"));
        golden.Compare(
            "logits of the merged model", golden.Reals("logits"), GoldenModelCase.Logits(model, _device, golden.Batch("input_ids")),
            golden.Tolerance("logits_abs") + golden.Tolerance("merged_logits_vs_adapter_logits_abs"));
        Assert.All(model.Parameters, parameter => Assert.True(parameter.IsTrainable));
    }

    [GoldenTheory(Area)]
    [MemberData(nameof(Adapters))]
    public void A_saved_adapter_has_the_tensors_of_the_original(string name)
    {
        using var golden = new GoldenModelCase(name, output, Area);
        using var model = LoadBase(golden);
        using var adapter = ModelAdapters.Load(model, golden.Folder, _device);
        using var folder = new TemporaryFolder();
        ModelAdapters.Save(model, adapter, folder.FullPath);
        using var original = SafetensorsFile.Open(Path.Combine(golden.Folder, ModelAdapters.FileName));
        using var saved = SafetensorsFile.Open(folder[ModelAdapters.FileName]);
        foreach (var entry in original.Entries.Where(entry => !entry.Name.EndsWith(".base_layer.weight", StringComparison.Ordinal)))
        {
            Assert.Equal(entry.Dimensions, saved.Get(entry.Name).Dimensions);
            Assert.Equal(original.ReadBytes(entry), saved.ReadBytes(saved.Get(entry.Name)));
        }

        using var before = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(golden.Folder, LoraConfigFile.FileName)));
        using var after = JsonDocument.Parse(File.ReadAllBytes(folder[LoraConfigFile.FileName]));
        foreach (var item in before.RootElement.EnumerateObject())
        {
            Assert.True(after.RootElement.TryGetProperty(item.Name, out var value), item.Name);
            Assert.True(JsonElement.DeepEquals(item.Value, value), $"{item.Name}: {item.Value} and {value}");
        }

        golden.Say($"{saved.Entries.Count} tensors with equal bits, all keys of the configuration");
    }

    private LanguageModel LoadBase(GoldenModelCase golden) =>
        PretrainedModel.Load(Path.Combine(golden.Folder, golden.Json.GetProperty("base").GetString()!), _device);

    private double Loss(LanguageModel model, LoraAdapter adapter, GoldenModelCase golden, bool recompute)
    {
        foreach (var parameter in adapter.Parameters)
        {
            parameter.ZeroGradient(_device);
        }

        return GoldenTraining.LossAndGradients(model, _device, golden.Batch("input_ids"), golden.Integers("labels"), recompute);
    }

    /// <summary>A copy of the values, or gradients, of every tensor of the adapter's file.</summary>
    private static Dictionary<string, float[]> FileTensors(LanguageModel model, LoraAdapter adapter, Func<Parameter, Tensor> select)
    {
        var result = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var module in adapter.Modules)
        {
            foreach (var parameter in module.Parameters)
            {
                var value = select(parameter);
                var part = new WeightPart(parameter.Name, module.IsEmbedding ? new Shape(value.Columns, value.Rows) : value.Shape, module.IsEmbedding);
                var values = new List<float>();
                part.Pour(value, span => values.AddRange(span));
                result.Add(parameter.Name, [.. values]);
            }
        }

        foreach (var parameter in adapter.SavedParameters)
        {
            result.Add($"base_model.model.{parameter.Name}", select(parameter).AsSpan().ToArray());
        }

        return result;
    }

    private static void CompareTensors(GoldenModelCase golden, string prefix, Dictionary<string, float[]> actual, double tolerance)
    {
        var arrays = golden.ArrayNames.Where(array => array.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(arrays);
        foreach (var array in arrays)
        {
            golden.Compare(array, golden.Reals(array), actual[array[prefix.Length..]], tolerance);
        }
    }
}
