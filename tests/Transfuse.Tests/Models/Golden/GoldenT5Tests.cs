using System.Text.Json;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>Every folder of encoder-decoder models against what transformers gave, within the tolerance that the case states.</summary>
[Trait("Category", "Reference")]
public sealed class GoldenT5Tests(ITestOutputHelper output) : IDisposable
{
    private readonly CpuDevice _device = new();

    public static TheoryData<string> Cases() => Shared.Golden.Cases(GoldenT5Case.Area);

    public void Dispose() => _device.Dispose();

    [GoldenFact(GoldenT5Case.Area)]
    public void There_are_cases() => Assert.NotEmpty(Cases());

    [GoldenTheory(GoldenT5Case.Area)]
    [MemberData(nameof(Cases))]
    public void Hidden_states_and_log_probabilities(string name)
    {
        using var golden = new GoldenT5Case(name, output);
        if (!golden.Case.Has("logits"))
        {
            golden.Case.Say("holds no logits");
            return;
        }

        using var model = PretrainedModel.LoadEncoderDecoder(golden.Folder, _device);
        var batch = SequencePairBatch.Create(golden.Pairs(), model.StartId);
        Assert.Equal(golden.Case.Integers("decoder_input_ids"), batch.Target.Ids);
        using var tape = new Tape(_device, recordGradients: false);
        var states = model.EncodeLayers(tape, batch.Source);
        Assert.Equal(model.Config.LayerCount + 2, states.Count);
        var real = golden.Real();
        var encoderTolerance = golden.Case.Tolerance("encoder_last_hidden_state_abs");
        for (var layer = 0; layer < states.Count; layer++)
        {
            var array = layer == states.Count - 1 ? "encoder_last_hidden_state" : $"encoder_hidden_states.{layer}";
            if (golden.Case.Has(array))
            {
                golden.Case.Compare(array, golden.RealsAt(array, real), states[layer].Value.AsSpan(), encoderTolerance);
            }
        }

        var hidden = model.Decode(tape, batch.Target, batch.Source, model.Encode(tape, batch.Source)).Value;
        golden.Case.Compare("decoder_last_hidden_state", golden.Case.Reals("decoder_last_hidden_state"), hidden.AsSpan(), golden.Case.Tolerance("logits_abs"));
        var (expected, logits) = (golden.Case.Reals("logits"), GoldenT5Case.Logits(model, _device, hidden));
        golden.Case.Compare("logits", expected, logits, golden.Case.Tolerance("logits_abs"));
        golden.Case.Compare(
            "log-probabilities", GoldenModelCase.LogProbabilities(expected, model.VocabularySize),
            GoldenModelCase.LogProbabilities(logits, model.VocabularySize), 2 * golden.Case.Tolerance("logits_abs"));
    }

    [GoldenTheory(GoldenT5Case.Area)]
    [MemberData(nameof(Cases))]
    public void Loss_and_gradients(string name)
    {
        using var golden = new GoldenT5Case(name, output);
        using var model = PretrainedModel.LoadEncoderDecoder(golden.Folder, _device);
        var batch = Batch(golden, model);
        foreach (var recompute in (bool[])[false, true])
        {
            var loss = GoldenT5Case.LossAndGradients(model, _device, batch, recompute);
            golden.Case.Compare("loss", [golden.Json.GetProperty("loss").GetDouble()], [loss], golden.Case.Tolerance("loss_abs"));
            golden.CompareGradients(model);
        }
    }

    [GoldenTheory(GoldenT5Case.Area)]
    [MemberData(nameof(Cases))]
    public void Steps_of_AdamW_and_Adafactor(string name)
    {
        using var golden = new GoldenT5Case(name, output);
        var training = golden.Json.GetProperty("training");
        JsonElement[] runs = training.ValueKind == JsonValueKind.Array ? [.. training.EnumerateArray()] : [training];
        Assert.NotEmpty(runs);
        foreach (var run in runs)
        {
            using var model = PretrainedModel.LoadEncoderDecoder(golden.Folder, _device);
            GoldenT5Training.Follow(golden, model, _device, run);
        }
    }

    [GoldenTheory(GoldenT5Case.Area)]
    [MemberData(nameof(Cases))]
    public void A_config_that_transformers_5_wrote_anew_means_the_same_model(string name)
    {
        using var golden = new GoldenT5Case(name, output);
        var files = Directory.GetFiles(golden.Folder, "config*.json");
        if (files.Length == 1 || !golden.Case.Has("logits"))
        {
            golden.Case.Say("has one config");
            return;
        }

        using var folder = new TemporaryFolder();
        foreach (var file in files)
        {
            File.Copy(file, folder[ModelConfig.FileName], overwrite: true);
            File.Copy(Path.Combine(golden.Folder, SafetensorsCheckpoint.SingleFileName), folder[SafetensorsCheckpoint.SingleFileName], overwrite: true);
            using var model = PretrainedModel.LoadEncoderDecoder(folder.FullPath, _device);
            golden.Case.Compare($"{Path.GetFileName(file)}: logits", golden.Case.Reals("logits"), LogitsOf(golden, model), golden.Case.Tolerance("logits_abs"));
        }
    }

    [GoldenTheory(GoldenT5Case.Area)]
    [MemberData(nameof(Cases))]
    public void A_saved_model_is_the_same_model(string name)
    {
        using var golden = new GoldenT5Case(name, output);
        using var folder = new TemporaryFolder();
        using var model = PretrainedModel.LoadEncoderDecoder(golden.Folder, _device);
        PretrainedModel.Save(model, folder.FullPath);
        using var again = PretrainedModel.LoadEncoderDecoder(folder.FullPath, _device);
        Assert.Equal(model.Config with { OtherKeys = again.Config.OtherKeys, EosIds = again.Config.EosIds }, again.Config);
        foreach (var (before, after) in model.Parameters.Zip(again.Parameters))
        {
            Assert.Equal(before.Name, after.Name);
            Assert.Equal(before.Value.AsSpan(), after.Value.AsSpan());
        }

        // Every tensor that was written is in the original under the same name.
        using var original = SafetensorsCheckpoint.Open(golden.Folder);
        using var written = SafetensorsCheckpoint.Open(folder.FullPath);
        Assert.Empty(written.Names.Except(original.Names));
    }

    /// <summary>The batch of a case: of one task, or of the two of distilling step by step.</summary>
    internal static SequencePairBatch Batch(GoldenT5Case golden, EncoderDecoderModel model)
    {
        if (golden.Case.Has("labels"))
        {
            return SequencePairBatch.Create(golden.Pairs(), model.StartId);
        }

        var alpha = golden.Json.GetProperty("alpha").GetDouble();
        return SequencePairBatch.CreateTasks([(golden.Pairs("label."), alpha), (golden.Pairs("rationale."), 1 - alpha)], model.StartId);
    }

    private float[] LogitsOf(GoldenT5Case golden, EncoderDecoderModel model)
    {
        var batch = SequencePairBatch.Create(golden.Pairs(), model.StartId);
        using var tape = new Tape(_device, recordGradients: false);
        return GoldenT5Case.Logits(model, _device, model.Decode(tape, batch.Target, batch.Source, model.Encode(tape, batch.Source)).Value);
    }
}
