using System.Text.Json.Nodes;
using Transfuse.Artifacts;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Corpora;
using Transfuse.Distributions;

namespace Transfuse.Cli.Tests.Commands;

public sealed class InspectVerbTests
{
    [Fact]
    public void A_checkpoint_shows_its_shape_weights_tokenizer_and_memory()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var json = Inspect(tool, "m");
        Assert.Equal("checkpoint", (string?)json["kind"]);
        Assert.Equal("llama", (string?)json["architecture"]);
        // Embedding and head 2·300·24; a layer: attention 24·(24 + 12 + 12 + 24), feed-forward 3·24·40, norms 2·24; the last norm 24.
        const long parameters = (2 * 300 * 24) + (2 * ((24 * 72) + (3 * 24 * 40) + 48)) + 24;
        Assert.Equal(parameters, (long)json["parameters"]!);
        Assert.Equal((2, 4, 2, 6, 48, 300), ((int)json["layers"]!, (int)json["heads"]!, (int)json["key_value_heads"]!, (int)json["head_size"]!, (int)json["context"]!, (int)json["vocabulary"]!));
        Assert.Equal(parameters * 4, (long)json["bytes"]!);
        Assert.Equal((int)json["tensors"]!, (int)json["dtypes"]!["F32"]!);
        Assert.Equal(("BPE", TinyModel.TokenizerVocabulary), ((string?)json["tokenizer"]!["algorithm"], (int)json["tokenizer"]!["vocabulary"]!));
        var memory = json["memory_bytes"]!;
        Assert.True((long)memory["score"]! > parameters * 4);
        Assert.True((long)memory["generate"]! > parameters * 4);
        Assert.True((long)memory["train"]! > parameters * 16);
        Assert.True((long)memory["train_recompute"]! <= (long)memory["train"]!);
        Assert.Equal(4096, (int)memory["batch_tokens"]!);
        Assert.StartsWith("m: checkpoint", tool.Run("inspect", "m").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_safetensors_file_lists_its_tensors()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var json = Inspect(tool, "m/model.safetensors");
        Assert.Equal("safetensors", (string?)json["kind"]);
        var embedding = json["entries"]!.AsArray().Single(entry => (string?)entry!["name"] == "model.embed_tokens.weight")!;
        Assert.Equal("F32", (string?)embedding["dtype"]);
        Assert.Equal([300, 24], embedding["shape"]!.AsArray().GetValues<long>());
        Assert.Equal(300 * 24 * 4, (long)embedding["bytes"]!);
        Assert.Contains("model.embed_tokens.weight", tool.Run("inspect", "m/model.safetensors").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gguf_file_shows_architecture_sizes_types_tokenizer_and_memory()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        Assert.Equal(0, tool.Run("convert", "m", "g/m.gguf", "--type", "bf16").Code);
        var json = Inspect(tool, "g/m.gguf");
        const long parameters = (2 * 300 * 24) + (2 * ((24 * 72) + (3 * 24 * 40) + 48)) + 24;
        Assert.Equal(("gguf", "llama", "m"), ((string?)json["kind"], (string?)json["architecture"], (string?)json["name"]));
        Assert.Equal((parameters, 2, 4, 2, 48, 300), ((long)json["parameters"]!, (int)json["layers"]!, (int)json["heads"]!, (int)json["key_value_heads"]!, (int)json["context"]!, (int)json["vocabulary"]!));
        Assert.Equal((16, 5), ((int)json["dtypes"]!["BF16"]!, (int)json["dtypes"]!["F32"]!));
        Assert.Equal(("gpt2", "gpt-2"), ((string?)json["tokenizer"]!["model"], (string?)json["tokenizer"]!["pre"]));
        // Matrices take half as much as in float32; five norms stay as they are.
        Assert.Equal((parameters - (5 * 24)) * 2, (long)json["memory_bytes"]!["score"]! - (long)json["memory_bytes"]!["score_as_stored"]!);
        Assert.Contains("BF16 (16", tool.Run("inspect", "g").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gguf_file_asks_for_the_memory_of_the_folder_it_was_made_of()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        Assert.Equal(0, tool.Run("convert", "m", "m.gguf").Code);
        Assert.Equal(Inspect(tool, "m")["memory_bytes"]!.ToJsonString(), Inspect(tool, "m.gguf")["memory_bytes"]!.ToJsonString());
    }

    [Fact]
    public void An_encoder_with_a_decoder_shows_its_memory_as_well()
    {
        using var tool = new ToolRunner();
        TinyModel.WriteEncoderDecoder(Path.Combine(tool.Folder, "t"));
        var json = Inspect(tool, "t");
        var memory = json["memory_bytes"]!;
        Assert.Equal("t5", (string?)json["architecture"]);
        Assert.True((long)memory["score"]! > (long)json["parameters"]! * 4);
        Assert.True((long)memory["generate"]! > (long)json["parameters"]! * 4);
        Assert.Contains("memory to generate", tool.Run("inspect", "t").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_alone_is_described_without_memory()
    {
        using var tool = new ToolRunner();
        using (var writer = new GgufWriter(Path.Combine(tool.Folder, "v.gguf"), [new("general.architecture", "llama")], []))
        {
            writer.Complete();
        }

        Assert.Null(Inspect(tool, "v.gguf")["memory_bytes"]);
    }

    [Fact]
    public void A_tokenizer_shows_algorithm_size_and_special_tokens()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        File.Delete(Path.Combine(tool.Folder, "m", "config.json"));
        var json = Inspect(tool, "m");
        Assert.Equal(("tokenizer", "BPE", TinyModel.TokenizerVocabulary), ((string?)json["kind"], (string?)json["algorithm"], (int)json["vocabulary"]!));
        Assert.Equal((0, TinyModel.EndOfText), ((int)json["eos"]!["id"]!, (string?)json["eos"]!["token"]));
        Assert.Equal("tokenizer", (string?)Inspect(tool, "m/tokenizer.json")["kind"]);
    }

    [Fact]
    public void A_corpus_shows_its_domains()
    {
        using var tool = new ToolRunner();
        var manifest = new Manifest { Kind = CorpusFile.Kind, FormatVersion = CorpusFile.FormatVersion, CreatedBy = "test" };
        CorpusFile.Write(Path.Combine(tool.Folder, "c"), [new Document("1", "a", "abc"), new Document("2", "b", "größe"), new Document("3", "b", "x")], manifest);
        var json = Inspect(tool, "c");
        Assert.Equal(("corpus", 3, 11), ((string?)json["kind"], (int)json["documents"]!, (int)json["bytes"]!));
        Assert.Equal((2, 8), ((int)json["domains"]!["b"]!["documents"]!, (int)json["domains"]!["b"]!["bytes"]!));
    }

    [Fact]
    public void A_store_shows_sizes_and_origin()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        tool.Write("a.txt", "The method returns the value.");
        var (code, _, error) = tool.Run("capture", "m", "--corpus", "a.txt", "--out", "s", "--top-k", "4");
        Assert.True(code == 0, error);
        var json = Inspect(tool, "s");
        using var store = DistributionStoreReader.Open(Path.Combine(tool.Folder, "s"));
        Assert.Equal(("distributions", 1L, store.TokenCount, 4L), ((string?)json["kind"], (long)json["documents"]!, (long)json["tokens"]!, (long)json["top_k"]!));
        Assert.Equal(store.Options.ModelHash, (string?)json["inputs"]!["model"]);
    }

    [Fact]
    public void A_run_shows_state_stage_and_recipe()
    {
        using var tool = new ToolRunner();
        tool.Write("a.yaml", "recipe: train/1\nname: t\nmodel: { architecture: llama }\ncorpus: { source: files, domains: [{ name: a, files: [a.txt] }] }\n");
        tool.Write("a.txt", "One text that cannot be divided into parts.");
        Assert.Equal(4, tool.Run("run", "a.yaml", "--out", "r").Code);
        var json = Inspect(tool, "r");
        Assert.Equal(("run", "failed", "corpus"), ((string?)json["kind"], (string?)json["state"], (string?)json["stage"]));
        Assert.Equal(("train/1", "t"), ((string?)json["recipe"], (string?)json["name"]));
        Assert.Empty(json["rows"]!.AsArray());
    }

    [Fact]
    public void A_measured_run_shows_its_table()
    {
        using var tool = new ToolRunner();
        tool.Write("a.yaml", "recipe: train/1\nname: t\nmodel: { architecture: llama }\ncorpus: { source: files, domains: [{ name: a, files: [a.txt] }] }\n");
        tool.Write("a.txt", "One text.");
        tool.Run("run", "a.yaml", "--out", "r");
        Directory.CreateDirectory(Path.Combine(tool.Folder, "r", "eval"));
        tool.Write("r/eval/results.json", """{"schema":"transfuse.results/1","rows":[{"name":"model","model":"llama","parameters":12,"bits_per_byte":{"a":1.25},"average":1.25}]}""");
        Assert.Equal(1.25, (double)Inspect(tool, "r")["rows"]![0]!["bits_per_byte"]!["a"]!);
        Assert.Contains("1.2500", tool.Run("inspect", "r").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "there is no such file or folder")]
    [InlineData("a.txt", "is no file that can be inspected")]
    [InlineData("empty", "is no folder that can be inspected")]
    [InlineData("other", "holds an artifact of the kind 'other'")]
    [InlineData("cut.safetensors", "a safetensors file begins with")]
    public void What_cannot_be_inspected_exits_with_4_and_one_sentence(string path, string expected)
    {
        using var tool = new ToolRunner();
        tool.Write("a.txt", "text");
        tool.Write("cut.safetensors", "abc");
        Directory.CreateDirectory(Path.Combine(tool.Folder, "empty"));
        Directory.CreateDirectory(Path.Combine(tool.Folder, "other"));
        tool.Write("other/manifest.json", """{"kind":"other"}""");
        var (code, output, error) = tool.Run("inspect", path);
        Assert.Equal((4, string.Empty), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().ReplaceLineEndings("\n").Split('\n'));
    }

    private static JsonNode Inspect(ToolRunner tool, string path)
    {
        var (code, output, error) = tool.Run("inspect", path, "--json");
        Assert.True(code == 0, error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal("transfuse.inspect/1", (string?)json["schema"]);
        Assert.Equal(path, (string?)json["path"]);
        return json;
    }
}
