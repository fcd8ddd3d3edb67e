using Transfuse.Adapters;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models.Golden;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

public sealed class ModelAdaptersTests : IDisposable
{
    private static readonly LoraConfig Config = new() { TargetPattern = LoraConfig.AllLinear, Rank = 2, Alpha = 4 };
    private readonly CpuDevice _device = new(threads: 2);
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Models() => TinyModels.AllCases();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_new_adapter_changes_nothing_then_learns_is_stored_and_merged(string name)
    {
        using var model = TinyModels.Create(name, _device);
        var batch = TokenBatch.FromLengths(TinyModels.Ids(23), [14, 9]);
        var before = GoldenModelCase.Logits(model, _device, batch);
        var weights = model.Parameters.Select(parameter => parameter.Value.AsSpan().ToArray()).ToArray();
        using var adapter = ModelAdapters.Create(model, Config with { UsesDora = name.Contains("gpt", StringComparison.Ordinal) }, _device, new RandomStream(1, "lora"));
        AssertClose(before, GoldenModelCase.Logits(model, _device, batch), 1e-5);

        var losses = Train(model, adapter, batch);
        Assert.True(losses[^1] < losses[0] - 0.01, $"{losses[0]} to {losses[^1]}");
        Assert.All(model.Parameters.Zip(weights), pair => Assert.Equal(pair.Second, pair.First.Value.AsSpan().ToArray()));
        Assert.All(adapter.Parameters, parameter => Assert.Contains(parameter.Gradient!.AsSpan().ToArray(), value => value != 0));

        var adapted = GoldenModelCase.Logits(model, _device, batch);
        ModelAdapters.Save(model, adapter, _folder.FullPath);
        using var other = TinyModels.Create(name, _device);
        using var loaded = ModelAdapters.Load(other, _folder.FullPath, _device);
        Assert.Equal(adapted, GoldenModelCase.Logits(other, _device, batch));

        ModelAdapters.Merge(other, loaded, _device);
        AssertClose(adapted, GoldenModelCase.Logits(other, _device, batch), 1e-6);
        ModelAdapters.Remove(model);
        Assert.Equal(before, GoldenModelCase.Logits(model, _device, batch));
    }

    [Fact]
    public void What_does_not_fit_the_model_is_named()
    {
        using var model = TinyModels.Create("llama", _device);
        Refuses(Config with { TargetPattern = null, TargetModules = ["q_proj", "c_attn"] }, "c_attn");
        Refuses(Config with { TargetPattern = "x.*" }, "x.*");
        Refuses(Config with { ModulesToSave = ["wpe"] }, "wpe");
        Refuses(Config with { TargetPattern = null, TargetModules = ["o_proj"], ModulesToSave = ["k_proj"] }, "qkv_proj");
        Refuses(Config with { TargetPattern = null, TargetModules = ["lm_head"] }, "head");
        Refuses(Config with { TargetPattern = null, TargetModules = ["embed_tokens"], UsesDora = true }, "embed_tokens");
        Refuses(Config with { Rank = 0 }, "rank");
        Assert.All(model.Parameters, parameter => Assert.True(parameter.IsTrainable));

        void Refuses(LoraConfig config, string inMessage)
        {
            var before = _device.Memory.UsedBytes;
            var exception = Assert.Throws<ArgumentException>(() => ModelAdapters.Create(model, config, _device, new RandomStream(1, "lora")));
            Assert.Contains(inMessage, exception.Message, StringComparison.Ordinal);
            Assert.Equal(before, _device.Memory.UsedBytes);
        }
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused()
    {
        using (var model = TinyModels.Create("llama", _device))
        {
            using var adapter = ModelAdapters.Create(model, Config, _device, new RandomStream(1, "lora"));
            ModelAdapters.Save(model, adapter, _folder.FullPath);
        }

        using var gemma = TinyModels.Create("gemma", _device);
        Assert.Contains("_proj", Assert.Throws<ModelFormatException>(() => ModelAdapters.Load(gemma, _folder.FullPath, _device)).Message, StringComparison.Ordinal);
        using var neoX = TinyModels.Create("neox", _device);
        Assert.Contains("_proj", Assert.Throws<ModelFormatException>(() => ModelAdapters.Load(neoX, _folder.FullPath, _device)).Message, StringComparison.Ordinal);
    }

    private List<double> Train(LanguageModel model, LoraAdapter adapter, TokenBatch batch)
    {
        using var optimizer = new AdamWOptimizer(_device, adapter.Parameters, new AdamWOptions());
        var losses = new List<double>();
        for (var step = 0; step < 6; step++)
        {
            foreach (var parameter in adapter.Parameters)
            {
                parameter.ZeroGradient(_device);
            }

            losses.Add(GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids, recompute: step % 2 == 1));
            optimizer.Step(0.01);
        }

        return losses;
    }

    private static void AssertClose(float[] expected, float[] actual, double relative)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= (10 * relative) + (relative * Math.Abs(expected[i])), $"[{i}]: {expected[i]} and {actual[i]}");
        }
    }
}
