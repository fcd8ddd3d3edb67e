using System.Text.Json;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Context;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>Every folder whose architecture is supported, against what transformers gave, within the tolerance that the case states.</summary>
[Trait("Category", "Reference")]
public sealed class GoldenModelTests(ITestOutputHelper output) : IDisposable
{
    private readonly CpuDevice _device = new();

    /// <summary>Folders that hold a model this test covers.</summary>
    public static TheoryData<string> Covered() => [.. AllCases().Where(name => GoldenModelCase.WhyNotCovered(name) is null)];

    public void Dispose() => _device.Dispose();

    [GoldenFact(GoldenModelCase.Area)]
    public void Every_folder_is_compared_or_listed()
    {
        var names = AllCases();
        foreach (var name in names)
        {
            output.WriteLine($"{name}: {(GoldenModelCase.WhyNotCovered(name) is { } reason ? $"not covered by this test ({reason})" : "compared")}");
        }

        Assert.NotEmpty(Covered());
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void Log_probabilities_of_all_positions_and_hidden_states(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        if (!golden.Has("logits"))
        {
            golden.Say("holds no logits");
            return;
        }

        using var model = PretrainedModel.Load(golden.Folder, _device);
        var logits = GoldenModelCase.Logits(model, _device, golden.Batch("input_ids"));
        golden.Compare("logits", golden.Reals("logits"), logits, golden.Tolerance("logits"));
        CompareLogProbabilities(golden, model, "logits", logits, _ => true);
        if (golden.Has("short.logits"))
        {
            var small = GoldenModelCase.Logits(model, _device, golden.Batch("short.input_ids"));
            CompareLogProbabilities(golden, model, "short.logits", small, _ => true);
        }

        using var tape = new Tape(_device, recordGradients: false);
        var length = (int)golden.Dimensions("input_ids")[1];
        var states = model.ForwardLayers(tape, TokenBatch.FromLengths(golden.Integers("input_ids")[..length], [length]));
        Assert.Equal(model.Config.LayerCount + 2, states.Count);
        for (var layer = 0; layer < states.Count; layer++)
        {
            var array = layer == states.Count - 1 ? "hidden.final" : $"hidden.{layer}";
            golden.Compare(array, golden.Reals(array), states[layer].Value.AsSpan(), golden.Tolerance("hidden"));
        }
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void Loss_and_gradients(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        if (!golden.Has("labels"))
        {
            golden.Say("holds no loss");
            return;
        }

        using var model = PretrainedModel.Load(golden.Folder, _device);
        var batch = golden.Batch("input_ids");
        var masked = GoldenTraining.LossAndGradients(model, _device, batch, golden.Integers("labels"));
        golden.Compare("loss_masked", [golden.Json.GetProperty("loss_masked").GetDouble()], [masked], golden.Tolerance("loss"));
        var loss = GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
        golden.Compare("loss", [golden.Json.GetProperty("loss").GetDouble()], [loss], golden.Tolerance("loss"));

        var gradients = GoldenTraining.ByFileName(model, parameter => parameter.Gradient!);
        var compared = golden.ArrayNames.Where(array => array.StartsWith("grad.", StringComparison.Ordinal)).ToList();
        foreach (var array in compared)
        {
            var tensor = GoldenTraining.FileName(model, array["grad.".Length..]);
            golden.Compare(array, golden.Reals(array), gradients[tensor], golden.Tolerance("grad"));
        }

        Assert.Equal(gradients.Count, compared.Count);
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void Padded_and_packed_batches(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        using var model = PretrainedModel.Load(golden.Folder, _device);
        foreach (var side in (string[])["pad_left", "pad_right"])
        {
            if (golden.Has($"{side}.input_ids"))
            {
                ComparePadded(golden, model, side);
            }
        }

        if (golden.Has("pack.input_ids"))
        {
            var segments = golden.Integers("pack.segment_ids");
            int[] lengths = [.. segments.GroupBy(id => id).Select(group => group.Count())];
            var batch = TokenBatch.FromLengths(golden.Integers("pack.input_ids"), lengths);
            Assert.Equal(golden.Integers("pack.position_ids"), batch.Positions);
            CompareLogProbabilities(golden, model, "pack.logits", GoldenModelCase.Logits(model, _device, batch), _ => true);
        }
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void Greedy_generation_with_and_without_cache(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        if (!golden.Json.TryGetProperty("greedy", out var greedy))
        {
            golden.Say("holds no generation");
            return;
        }

        using var model = PretrainedModel.Load(golden.Folder, _device);
        var generator = new TextGenerator(model, _device);
        var runs = greedy.GetProperty("runs").EnumerateArray().ToArray();
        var prompts = Array.ConvertAll(runs, run => Ids(run, "prompt_ids"));
        foreach (var useCache in (bool[])[true, false])
        {
            var options = new GenerationOptions { MaxNewTokens = Ids(runs[0], "new_ids").Length, UseCache = useCache };
            var generated = generator.Generate(prompts, options, new RandomStream(0, "none"));
            for (var i = 0; i < runs.Length; i++)
            {
                Assert.Equal(Ids(runs[i], "new_ids"), generated[i]);
                if (runs[i].TryGetProperty("stop_test", out var stop))
                {
                    var stopped = generator.Generate([prompts[i]], options with { StopIds = Ids(stop, "eos_token_id") }, new RandomStream(0, "none"));
                    Assert.Equal(Ids(stop, "new_ids"), stopped[0]);
                }
            }
        }

        golden.Say($"greedy: {runs.Length} prompts, all ids equal with and without cache");
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void Both_spellings_of_the_config_give_the_same_bits(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        var other = Path.Combine(golden.Folder, "config.other.json");
        if (!File.Exists(other))
        {
            golden.Say("holds one spelling only");
            return;
        }

        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(golden.Folder, "model*.safetensors*"))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        File.Copy(other, folder[ModelConfig.FileName]);
        using var model = PretrainedModel.Load(golden.Folder, _device);
        using var again = PretrainedModel.Load(folder.FullPath, _device);
        var batch = golden.Batch("input_ids");
        Assert.Equal(GoldenModelCase.Logits(model, _device, batch), GoldenModelCase.Logits(again, _device, batch));
        golden.Say("config.other.json gives the same bits");
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void A_saved_checkpoint_has_the_tensors_of_the_original(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        using var folder = new TemporaryFolder();
        using (var model = PretrainedModel.Load(golden.Folder, _device))
        {
            PretrainedModel.Save(model, folder.FullPath);
            using var again = PretrainedModel.Load(folder.FullPath, _device);
            Assert.Equal(model.Config.ToJson(), again.Config.ToJson());
            var batch = TokenBatch.FromLengths([.. Enumerable.Range(1, 40)], [40]);
            Assert.Equal(GoldenModelCase.Logits(model, _device, batch), GoldenModelCase.Logits(again, _device, batch));
        }

        using var original = SafetensorsCheckpoint.Open(golden.Folder);
        using var saved = SafetensorsFile.Open(folder[SafetensorsCheckpoint.SingleFileName]);
        foreach (var entry in saved.Entries)
        {
            // A checkpoint with nothing but a tied head is written under the embedding's name.
            // A file of the bare model leaves the first part of every name out.
            var bare = entry.Name[(entry.Name.IndexOf('.', StringComparison.Ordinal) + 1)..];
            Assert.True(
                original.TryFind(entry.Name, out var file, out var before) || original.TryFind(bare, out file, out before)
                || original.TryFind("lm_head.weight", out file, out before), entry.Name);
            Assert.Equal(before.Dimensions, entry.Dimensions);
            var (expected, actual) = (new float[entry.ElementCount], new float[entry.ElementCount]);
            file.ReadSingles(before, 0, expected);
            saved.ReadSingles(entry, 0, actual);
            Assert.Equal(expected, actual);
        }

        string[] dropped = [.. original.Names.Where(tensor => !saved.Entries.Any(entry => entry.Name.EndsWith(tensor, StringComparison.Ordinal)))];
        golden.Say($"saved {saved.Entries.Count} tensors with equal bits; not written: {(dropped.Length == 0 ? "none" : string.Join(", ", dropped))}");
        Assert.All(dropped, tensor => Assert.Matches(@"((attention|attn)\.bias|masked_bias|inv_freq|^lm_head\.weight)$", tensor));
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void Rotary_tables(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        if (!golden.Json.TryGetProperty("rope", out var rope) || !rope.TryGetProperty("tables", out var tables))
        {
            golden.Say("holds no rotary tables");
            return;
        }

        var config = ModelConfig.Load(golden.Folder);
        foreach (var table in tables.EnumerateArray())
        {
            var layers = table.TryGetProperty("layer_type", out var kind) ? kind.GetString() : null;
            var parameters = config is LlamaConfig llama ? (layers is "sliding_attention" ? llama.LocalRope : llama.Rope) : ((GptNeoXConfig)config).Rope;
            var length = table.GetProperty("seq_len").GetInt32();
            var frequencies = RopeFrequencies.Create(parameters, config.HeadSize, length);
            var array = table.GetProperty("array").GetString()!;
            var expected = golden.Reals(array);
            var ratios = frequencies.Inverse.Zip(expected, (actual, wanted) => (double)actual / wanted).ToArray();
            golden.Compare($"{array} (relative)", Enumerable.Repeat(1.0, expected.Length).ToArray(), ratios, golden.Tolerance("inv_freq_rel"));
            Assert.Equal(table.GetProperty("attention_scaling").GetDouble(), frequencies.AttentionFactor, 1e-6);
            var prefix = array[..^"inv_freq".Length];
            if (golden.Has($"{prefix}cos"))
            {
                using var tape = new Tape(_device, recordGradients: false);
                using var positions = new RotaryPositions(_device, parameters, config.HeadSize);
                var rows = positions.For(tape, [.. Enumerable.Range(0, length)], [AttentionSegment.Self(0, length)]);
                var count = length * frequencies.Inverse.Count;
                golden.Compare($"{prefix}cos", golden.Reals($"{prefix}cos"), rows.Cos.AsSpan()[..count], golden.Tolerance("cos_sin"));
                golden.Compare($"{prefix}sin", golden.Reals($"{prefix}sin"), rows.Sin.AsSpan()[..count], golden.Tolerance("cos_sin"));
            }
        }
    }

    private static string[] AllCases() => [.. ((IEnumerable<object[]>)Shared.Golden.Cases(GoldenModelCase.Area)).Select(row => (string)row[0])];

    private static int[] Ids(JsonElement element, string key) => [.. element.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];

    private static void CompareLogProbabilities(GoldenModelCase golden, LanguageModel model, string array, float[] logits, Func<int, bool> isReal)
    {
        var vocabulary = model.VocabularySize;
        double[] Kept(float[] all) =>
            [.. GoldenModelCase.LogProbabilities(all, vocabulary).Where((_, i) => isReal(i / vocabulary))];

        golden.Compare($"log-probabilities of {array}", Kept(golden.Reals(array)), Kept(logits), golden.Tolerance("logprobs"));
    }

    /// <summary>Padding is only in the golden: here every row is a document of its real tokens, and the logits go back to their places.</summary>
    private void ComparePadded(GoldenModelCase golden, LanguageModel model, string side)
    {
        var ids = golden.Integers($"{side}.input_ids");
        var mask = golden.Integers($"{side}.attention_mask");
        var columns = (int)golden.Dimensions($"{side}.input_ids")[1];
        int[] real = [.. Enumerable.Range(0, ids.Length).Where(i => mask[i] == 1)];
        int[] lengths = [.. real.GroupBy(i => i / columns).Select(group => group.Count())];
        var logits = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths([.. real.Select(i => ids[i])], lengths));
        var placed = new float[ids.Length * model.VocabularySize];
        for (var i = 0; i < real.Length; i++)
        {
            logits.AsSpan(i * model.VocabularySize, model.VocabularySize).CopyTo(placed.AsSpan(real[i] * model.VocabularySize));
        }

        CompareLogProbabilities(golden, model, $"{side}.logits", placed, row => mask[row] == 1);
    }
}
