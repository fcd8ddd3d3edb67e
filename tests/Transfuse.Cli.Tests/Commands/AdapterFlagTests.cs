using System.Text.Json.Nodes;
using Transfuse.Adapters;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Cli.Tests.Commands;

/// <summary>Adapters in the verbs that take <c>--adapter</c>, and the card that <c>inspect</c> makes of one.</summary>
public sealed class AdapterFlagTests
{
    [Fact]
    public void An_adapter_changes_what_a_model_says_and_merged_into_a_folder_or_gguf_it_says_the_same()
    {
        using var tool = WithAdapter();
        string Score(params string[] model) => tool.Run(["score", .. model, "--text", "The value", "--json"]).Output;
        double Nats(string json) => (double)JsonNode.Parse(json)!["nats"]!;
        var adapted = Nats(Score("m", "--adapter", "a"));
        Assert.NotEqual(Nats(Score("m")), adapted, 1e-3);

        Assert.Equal(0, tool.Run("convert", "m", "merged", "--adapter", "a").Code);
        Assert.Equal(0, tool.Run("convert", "m", "merged.gguf", "--adapter", "a").Code);

        // Weights that adapters are merged into are not packed, which sums few rows in another order.
        Assert.Equal(adapted, Nats(Score("merged")), 1e-5);
        Assert.Equal(Nats(Score("merged")), Nats(Score("merged.gguf")));
        Assert.Equal(0, tool.Run("diff", "merged", "merged.gguf", "--exit-code").Code);
        Assert.Equal(Tokenizer("m"), Tokenizer("merged"));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(tool.Folder), entry => entry.EndsWith(".partial", StringComparison.Ordinal));
        // Only the modules that the adapter names.
        var changed = JsonNode.Parse(tool.Run("diff", "m", "merged", "--changed", "--json").Output)!["tensors"]!.AsArray();
        Assert.Equal(2, changed.Count);
        Assert.All(changed, tensor => Assert.Contains("q_proj", (string)tensor!["name"]!, StringComparison.Ordinal));

        string Tokenizer(string folder) => File.ReadAllText(Path.Combine(tool.Folder, folder, "tokenizer.json"));
    }

    [Fact]
    public void Every_verb_that_runs_a_model_takes_it()
    {
        using var tool = WithAdapter();
        Assert.Equal(0, tool.Run("convert", "m", "merged", "--adapter", "a").Code);
        tool.Write("t.txt", "The value of the property.");
        tool.Write("t.jinja", "{{ messages[0].content }}");
        foreach (var command in (string[][])
            [["generate", "The method", "--tokens", "8", "--json"], ["eval", "--corpus", "t.txt", "-q"], ["chat", "--prompt", "The value", "--template", "t.jinja", "--greedy", "--tokens", "5", "-q"]])
        {
            var merged = tool.Run([command[0], "merged", .. command[1..]]);
            Assert.True(merged.Code == 0, merged.Error);
            Assert.Equal(merged.Output, tool.Run([command[0], "m", .. command[1..], "--adapter", "a"]).Output);
        }
    }

    [Fact]
    public void Inspect_shows_kind_rank_alpha_targets_and_sizes()
    {
        using var tool = WithAdapter();
        var json = JsonNode.Parse(tool.Run("inspect", "a", "--json").Output)!;
        Assert.Equal(("adapter", "LoRA", 3, 6.0), ((string?)json["kind"], (string?)json["method"], (int)json["rank"]!, (double)json["alpha"]!));
        Assert.Equal(["q_proj"], json["targets"]!.AsArray().GetValues<string>());
        Assert.Equal((2 * 3 * (24 + 24), 4), ((int)json["parameters"]!, (int)json["tensors"]!));
        Assert.Contains("q_proj", tool.Run("inspect", "a").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "is no folder of an adapter", "score", "m", "--text", "x", "--adapter", "m")]
    [InlineData(2, "has an encoder", "generate", "t5", "x", "--adapter", "a")]
    [InlineData(2, "cannot hold q8_0", "convert", "m", "x", "--type", "q8_0", "--adapter", "a")]
    [InlineData(4, "q_proj", "score", "other", "--text", "x", "--adapter", "a")]
    public void What_cannot_be_done_is_said(int code, string message, params string[] arguments)
    {
        using var tool = WithAdapter();
        TinyModel.WriteEncoderDecoder(Path.Combine(tool.Folder, "t5"));
        WriteOther(Path.Combine(tool.Folder, "other"));
        var (actual, _, error) = tool.Run(arguments);
        Assert.Equal(code, actual);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    private static ToolRunner WithAdapter()
    {
        var tool = new ToolRunner();
        var folder = TinyModel.Write(Path.Combine(tool.Folder, "m"));
        using var device = new CpuDevice(threads: 1);
        using var model = PretrainedModel.Load(folder, device);
        using var adapter = ModelAdapters.Create(model, new LoraConfig { Rank = 3, Alpha = 6, TargetModules = ["q_proj"] }, device, new RandomStream(1, "lora"));
        foreach (var up in adapter.Modules.Select(module => module.Up.Value))
        {
            up.Fill(0.5f);
        }

        ModelAdapters.Save(model, adapter, Path.Combine(tool.Folder, "a"));
        return tool;
    }

    private static void WriteOther(string folder)
    {
        using var device = new CpuDevice(threads: 1);
        var config = new Checkpoints.GptNeoXConfig { VocabularySize = TinyModel.Vocabulary, HiddenSize = 24, IntermediateSize = 40, LayerCount = 1, HeadCount = 1, MaxPositions = 32 };
        using var model = PretrainedModel.Create(config, device, new RandomStream(5, "init"));
        PretrainedModel.Save(model, folder);
        File.Copy(Path.Combine(folder, "..", "m", "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
    }
}
