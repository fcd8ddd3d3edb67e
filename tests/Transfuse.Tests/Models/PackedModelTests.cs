using Transfuse.Checkpoints.Safetensors;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

/// <summary>Models whose matrices rest packed say what the same models say in float32, and take no more memory.</summary>
public sealed class PackedModelTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names() => TinyModels.AllCases();

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hidden_states_scores_and_texts(string name)
    {
        Save(name, SafetensorsType.F32);
        using var plain = PretrainedModel.Load(_folder["m"], _device);
        using var packed = PretrainedModel.Load(_folder["m"], _device, precision: WeightPrecision.Packed);
        TensorAssert.Close(Hidden(plain), Array.ConvertAll(Hidden(packed), value => (float)value), 1e-5, 1e-5);
        var ids = TinyModels.Ids(40);
        var (expected, actual) = (Score(plain, _device, ids), Score(packed, _device, ids));
        TensorAssert.Close([.. expected.LogProbabilities.Skip(1).Select(value => (double)value)], actual.LogProbabilities.Skip(1).ToArray(), 1e-5, 1e-5);

        var options = new GenerationOptions { MaxNewTokens = 12 };
        Assert.Equal(
            new TextGenerator(plain, _device).Generate([ids[..5], ids[..9]], options, new RandomStream(1, "texts")),
            new TextGenerator(packed, _device).Generate([ids[..5], ids[..9]], options, new RandomStream(1, "texts")));
    }

    [Fact]
    public void Matrices_are_frozen_and_cannot_be_saved()
    {
        Save("llama-bias", SafetensorsType.F32);
        using var packed = PretrainedModel.Load(_folder["m"], _device, precision: WeightPrecision.Packed);
        Assert.All(packed.Parameters.Where(parameter => parameter.Value.IsResting), parameter => Assert.False(parameter.IsTrainable));
        Assert.True(packed.HeadWeight.Value.IsResting);
        Assert.Contains("packed float32", Assert.Throws<InvalidOperationException>(() => PretrainedModel.Save(packed, _folder["saved"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_that_is_the_embedding_keeps_its_bits()
    {
        if (KernelTiers.Best != KernelTier.Vector512BFloat16)
        {
            return;
        }

        Save("llama-tied-grouped", SafetensorsType.F32);
        using var device = new CpuDevice(threads: 2, precision: ProductPrecision.BFloat16);
        using var plain = PretrainedModel.Load(_folder["m"], device);
        using var packed = PretrainedModel.Load(_folder["m"], device, precision: WeightPrecision.Packed);
        Assert.False(packed.HeadWeight.Value.IsResting);
        Assert.Contains(packed.Parameters, parameter => parameter.Value.IsResting);

        // More rows than products of unpacked weights take as they lie, in float32.
        var ids = TinyModels.Ids(40);
        Assert.Equal(Score(plain, device, ids).LogProbabilities, Score(packed, device, ids).LogProbabilities);
    }

    [Theory]
    [InlineData(SafetensorsType.F32)]
    [InlineData(SafetensorsType.BF16)]
    public void Rehearsals_count_what_loading_takes(SafetensorsType type)
    {
        Save("llama", type);
        foreach (var precision in new[] { ProductPrecision.Float32, ProductPrecision.BFloat16 })
        {
            using var device = new CpuDevice(threads: 2, precision: precision);
            using var rehearsal = device.CreateRehearsal();
            using var model = PretrainedModel.Load(_folder["m"], device, precision: WeightPrecision.Packed);
            using var rehearsed = PretrainedModel.Load(_folder["m"], rehearsal, precision: WeightPrecision.Packed);
            Assert.Equal(device.Memory.UsedBytes, rehearsal.Memory.UsedBytes);
            using var created = PretrainedModel.Rehearse(model.Config, rehearsal, WeightPrecision.Packed);
            if (type == SafetensorsType.F32)
            {
                Assert.Equal(2 * device.Memory.UsedBytes, rehearsal.Memory.UsedBytes);
            }
        }
    }

    private void Save(string name, SafetensorsType type)
    {
        using var model = TinyModels.Create(name, _device);
        PretrainedModel.Save(model, _folder["m"], type);
    }

    private static SequenceScores Score(LanguageModel model, Device device, int[] ids) => new SequenceScorer(model, device).Score([ids], 3).Single();

    private double[] Hidden(LanguageModel model)
    {
        using var tape = new Tape(_device, recordGradients: false);
        return [.. model.Forward(tape, TokenBatch.FromLengths(TinyModels.Ids(24), [24])).Value.AsSpan().ToArray().Select(value => (double)value)];
    }
}
