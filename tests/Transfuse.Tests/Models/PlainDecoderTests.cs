using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models.Golden;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models;

/// <summary>Options of OPT and MPT that no golden has, against <see cref="NaiveDecoder"/>, which itself is held against the goldens.</summary>
public sealed class PlainDecoderTests(ITestOutputHelper output) : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Models() => [.. TinyModels.Names.Where(name => TinyModels.Config(name) is OptConfig or MptConfig)];

    public static TheoryData<string> Goldens() =>
    [
        .. ((IEnumerable<object[]>)Shared.Golden.Cases(GoldenModelCase.Area)).Select(row => (string)row[0])
            .Where(name => GoldenModelCase.WhyNotCovered(name) is null
                && ModelConfig.Load(Path.Combine(Shared.Golden.Root, GoldenModelCase.Area, name)) is OptConfig or MptConfig),
    ];

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_are_those_of_the_formulas(string name)
    {
        using var model = TinyModels.Create(name, _device);
        Disturb(model);
        var ids = TinyModels.Ids(21);
        var logits = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids, [ids.Length]));
        TensorAssert.Close(new NaiveDecoder(model).Logits(ids), logits, 2e-5, 1e-5, name);
    }

    [Trait("Category", "Reference")]
    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Goldens))]
    public void The_formulas_give_what_the_original_gave(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        using var model = PretrainedModel.Load(golden.Folder, _device);
        var length = (int)golden.Dimensions("input_ids")[1];
        var logits = new NaiveDecoder(model).Logits(golden.Integers("input_ids").AsSpan(0, length));
        golden.Compare("logits of the naive reference", golden.Reals("logits").Take(logits.Length).Select(value => (double)value).ToArray(), logits, golden.Tolerance("logits"));
    }

    /// <summary>New models have norms of 1 and biases of 0, which hide mistakes.</summary>
    private static void Disturb(LanguageModel model)
    {
        var random = new RandomStream(3, "disturb");
        foreach (var parameter in model.Parameters.Where(parameter => parameter.Value.Shape.Rank == 1))
        {
            foreach (ref var value in parameter.Value.AsSpan())
            {
                value += 0.2f * (float)random.NextNormal();
            }
        }
    }
}
