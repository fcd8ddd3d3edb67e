using Transfuse.Models;
using Transfuse.Models.Mpt;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tests.Models.Golden;

namespace Transfuse.Tests.Models;

public sealed class DecoderModelTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Models() => TinyModels.Cases();

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Recomputation_gives_the_same_gradient_bits(string name)
    {
        using var model = TinyModels.Create(name, _device);
        var batch = TokenBatch.FromLengths(TinyModels.Ids(29), [17, 12]);
        var loss = GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
        var gradients = GoldenTraining.ByFileName(model, parameter => parameter.Gradient!);
        Assert.Equal(loss, GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids, recompute: true));
        foreach (var (tensor, again) in GoldenTraining.ByFileName(model, parameter => parameter.Gradient!))
        {
            Assert.Equal(gradients[tensor], again);
            Assert.Contains(again, value => value != 0);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_agree_with_differences(string name)
    {
        using var model = TinyModels.Create(name, _device);
        var batch = TokenBatch.FromLengths(TinyModels.Ids(13), [8, 5]);
        GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
        var gradients = model.Parameters.Select(parameter => parameter.Gradient!.AsSpan().ToArray()).ToArray();
        for (var i = 0; i < gradients.Length; i++)
        {
            var value = model.Parameters[i].Value;
            var at = Array.IndexOf(gradients[i], gradients[i].MaxBy(MathF.Abs));
            var original = value.AsSpan()[at];
            const float step = 4e-3f;
            value.AsSpan()[at] = original + step;
            var above = GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
            value.AsSpan()[at] = original - step;
            var below = GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
            value.AsSpan()[at] = original;

            // The largest gradient of a tensor; differences carry the third derivative and float32's rounding.
            var expected = (above - below) / (2 * step);
            Assert.True(
                Math.Abs(expected - gradients[i][at]) <= 2e-4 + (0.02 * Math.Abs(expected)),
                $"{model.Parameters[i].Name}[{at}]: gradient {gradients[i][at]}, difference quotient {expected}");
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Documents_of_a_batch_do_not_see_each_other(string name)
    {
        using var model = TinyModels.Create(name, _device);
        var ids = TinyModels.Ids(19);
        var together = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids, [11, 8]));
        var first = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids[..11], [11]));
        var second = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids[11..], [8]));
        AssertClose([.. first, .. second], together);
    }

    [Fact]
    public void Documents_are_rotated_as_their_own_length_demands()
    {
        foreach (var name in TinyModels.LengthDependentNames)
        {
            using var model = TinyModels.Create(name, _device);
            var ids = TinyModels.Ids(40);
            int[] lengths = [8, 12, 14, 6];
            var together = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids, lengths));
            var alone = new List<float>();
            var start = 0;
            foreach (var length in lengths)
            {
                alone.AddRange(GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids[start..(start + length)], [length])));
                start += length;
            }

            AssertClose([.. alone], together);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Later_tokens_do_not_change_earlier_ones(string name)
    {
        using var model = TinyModels.Create(name, _device);
        var ids = TinyModels.Ids(16);
        var whole = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids, [16]));
        var half = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids[..9], [9]));
        AssertClose(half, whole[..half.Length]);
    }

    [Fact]
    public void The_same_bits_whatever_the_number_of_threads()
    {
        using var one = new CpuDevice(threads: 1);
        using var modelOnOne = TinyModels.Create("llama", one);
        using var modelOnTwo = TinyModels.Create("llama", _device);
        var batch = TokenBatch.FromLengths(TinyModels.Ids(61), [40, 21]);
        Assert.Equal(
            GoldenTraining.LossAndGradients(modelOnOne, one, batch, batch.Ids), GoldenTraining.LossAndGradients(modelOnTwo, _device, batch, batch.Ids));
        foreach (var (a, b) in modelOnOne.Parameters.Zip(modelOnTwo.Parameters))
        {
            Assert.Equal(a.Gradient!.AsSpan().ToArray(), b.Gradient!.AsSpan().ToArray());
        }
    }

    [Fact]
    public void Scoring_gives_all_memory_back()
    {
        using var model = TinyModels.Create("llama", _device);
        var batch = TokenBatch.FromLengths(TinyModels.Ids(20), [20]);
        GoldenModelCase.Logits(model, _device, batch);
        var before = _device.Memory.UsedBytes;
        GoldenModelCase.Logits(model, _device, batch);
        Assert.Equal(before, _device.Memory.UsedBytes);
        GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
        before = _device.Memory.UsedBytes;
        GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids, recompute: true);
        Assert.Equal(before, _device.Memory.UsedBytes);
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_refused()
    {
        using var model = TinyModels.Create("neox", _device);
        using var tape = new Tape(_device, recordGradients: false);
        foreach (var id in (int[])[-1, TinyModels.Vocabulary])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => model.Forward(tape, TokenBatch.FromLengths([1, id], [2])));
        }
    }

    [Theory]
    [InlineData(8, new[] { 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f, 0.0078125f, 0.00390625f })]
    [InlineData(6, new[] { 0.25f, 0.0625f, 0.015625f, 0.00390625f, 0.5f, 0.125f })]
    [InlineData(1, new[] { 0.00390625f })]
    public void Alibi_slopes(int heads, float[] expected) => Assert.Equal(expected, MptArchitecture.AlibiSlopes(heads, 8));

    [Fact]
    public void Alibi_slopes_of_twelve_heads_end_with_every_second_of_sixteen()
    {
        var slopes = MptArchitecture.AlibiSlopes(12, 8);
        Assert.Equal([0.70710677f, 0.35355338f, 0.17677669f, 0.088388346f], slopes[8..]);
        Assert.Equal(1f / 256, slopes[7]);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 + (1e-5 * Math.Abs(expected[i])), $"[{i}]: {expected[i]} and {actual[i]}");
        }
    }
}
