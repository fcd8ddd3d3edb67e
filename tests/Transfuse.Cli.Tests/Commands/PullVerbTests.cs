using System.Text.Json.Nodes;
using Transfuse.Tests.Shared;

namespace Transfuse.Cli.Tests.Commands;

public sealed class PullVerbTests
{
    [Fact]
    public void A_pulled_model_is_used_by_its_name_also_offline()
    {
        using var tool = new ToolRunner();
        using var hub = HubOf(TinyModel.Write(Path.Combine(tool.Folder, "local")));
        Online(tool, hub);
        var (code, output, error) = tool.Run("pull", "org/tiny", "--json");
        Assert.Equal((0, true), (code, error.Contains("model.safetensors", StringComparison.Ordinal)));
        var json = JsonNode.Parse(output)!;
        Assert.Equal(["schema", "model", "revision", "commit", "folder", "files", "fetched_bytes"], json.AsObject().Select(member => member.Key));
        Assert.Equal(("transfuse.pull/1", "main", FakeHub.Commit), ((string?)json["schema"], (string?)json["revision"], (string?)json["commit"]));
        Assert.Equal(json["files"]!.AsArray().Sum(file => (long)file!["bytes"]!), (long)json["fetched_bytes"]!);
        Assert.StartsWith(Path.Combine(tool.Folder, "hf", "hub", "models--org--tiny"), (string)json["folder"]!, StringComparison.Ordinal);

        tool.Variables["HF_HUB_OFFLINE"] = "1";
        var requests = hub.Requests.Count;
        string[] command = ["--tokens", "5", "--json"];
        Assert.Equal(tool.Run(["generate", "local", "The method", .. command]).Output, tool.Run(["generate", "org/tiny", "The method", .. command]).Output);
        foreach (var verb in (string[][])[["tokenize", "org/tiny", "--text", "x"], ["inspect", "org/tiny"], ["score", "org/tiny@main", "--text", "The method"]])
        {
            Assert.Equal(0, tool.Run(verb).Code);
        }

        Assert.Equal(requests, hub.Requests.Count);
    }

    [Fact]
    public void A_verb_pulls_a_model_that_is_not_in_the_cache()
    {
        using var tool = new ToolRunner();
        using var hub = HubOf(TinyModel.Write(Path.Combine(tool.Folder, "local")));
        Online(tool, hub);
        var (code, output, error) = tool.Run("tokenize", "org/tiny", "--text", "The method", "-q");
        Assert.Equal(0, code);
        Assert.Equal(tool.Run("tokenize", "local", "--text", "The method", "-q").Output, output);
        Assert.True(hub.ContentRequests > 0, error);
    }

    [Fact]
    public void A_recipe_may_name_a_model_of_the_hub_and_the_run_keeps_its_folder()
    {
        using var tool = new ToolRunner();
        using var hub = HubOf(TinyModel.Write(Path.Combine(tool.Folder, "local")));
        Online(tool, hub);
        tool.Write("t.jsonl", string.Concat(Enumerable.Range(0, 80).Select(i => $"{{\"text\": \"The method {(char)('a' + (i % 26))}{(char)('a' + (i / 26))} returns the value of the property.\"}}\n")));
        tool.Write("r.yaml", "recipe: train/1\nname: t\nmodel: org/tiny\ncorpus: { source: files, domains: [{ name: a, files: [t.jsonl] }], validation: 0.2, test: 0.2 }\ntrain: { steps: 1, block: 32, batch_tokens: 64 }\n");
        Assert.Equal(0, tool.Run("check", "r.yaml").Code);
        Assert.Empty(hub.Requests);
        var (code, _, error) = tool.Run("run", "r.yaml", "--out", "run");
        Assert.True(code == 0, error);
        Assert.Contains($"snapshots/{FakeHub.Commit}", File.ReadAllText(Path.Combine(tool.Folder, "run", "recipe.resolved.yaml")).Replace('\\', '/'), StringComparison.Ordinal);
        tool.Write("bad.yaml", "recipe: train/1\nname: t\nmodel: no model/at all/here\ncorpus: { source: files, domains: [{ name: a, files: [t.jsonl] }] }\n");
        Assert.Equal(3, tool.Run("check", "bad.yaml").Code);
    }

    [Fact]
    public void A_name_that_is_nowhere_says_what_was_looked_for()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("tokenize", "org/none", "--text", "x");
        Assert.Equal((4, string.Empty), (code, output));
        Assert.Contains("no such file or folder", error, StringComparison.Ordinal);
        Assert.Contains("transfuse pull org/none", error, StringComparison.Ordinal);
        using var hub = new FakeHub();
        Online(tool, hub);
        (code, _, error) = tool.Run("tokenize", "org/none", "--text", "x");
        Assert.Equal(4, code);
        Assert.Contains("is not on the hub", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_with_a_slip_is_no_name_on_the_hub()
    {
        using var tool = new ToolRunner();
        using var hub = new FakeHub();
        Online(tool, hub);
        Directory.CreateDirectory(Path.Combine(tool.Folder, "models"));
        var (code, _, error) = tool.Run("tokenize", "models/a", "--text", "x");
        Assert.Equal(4, code);
        Assert.Contains("there is no such file or folder", error, StringComparison.Ordinal);
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public void A_gated_model_says_how_to_get_in_and_a_token_opens_it()
    {
        using var tool = new ToolRunner();
        using var hub = new FakeHub { Token = "secret", Files = { ["config.json"] = [(byte)'{', (byte)'}'] } };
        Online(tool, hub);
        var (code, _, error) = tool.Run("pull", "org/tiny");
        Assert.Equal(4, code);
        Assert.Contains("HF_TOKEN", error, StringComparison.Ordinal);
        tool.Variables["HF_TOKEN"] = "secret";
        Assert.Equal(0, tool.Run("pull", "org/tiny").Code);
        tool.Variables.Remove("HF_TOKEN");
        File.WriteAllText(Path.Combine(tool.Folder, "hf", "token"), "secret\n");
        Assert.Equal(0, tool.Run("pull", "org/tiny").Code);
    }

    [Theory]
    [InlineData("'a/b/c' is no name", "a/b/c")]
    [InlineData("'../x' is no name", "../x")]
    public void Impossible_names_are_usage_errors(string expected, string name)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("pull", name);
        Assert.Equal((2, string.Empty), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endpoint_that_is_no_address_is_a_usage_error()
    {
        using var tool = new ToolRunner();
        tool.Variables["HF_ENDPOINT"] = "hub";
        Assert.Equal(2, tool.Run("pull", "org/tiny").Code);
    }

    [Fact]
    public void Of_gguf_files_one_must_be_chosen_unless_there_is_one()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "local"));
        tool.Run("convert", "local", "g/m-Q8_0.gguf", "--type", "q8_0");
        using var hub = HubOf(Path.Combine(tool.Folder, "g"));
        hub.Files["config.json"] = "{}"u8.ToArray();
        Online(tool, hub);
        Assert.Equal(0, tool.Run("score", "org/tiny", "--text", "The method").Code);
        Directory.Delete(Path.Combine(tool.Folder, "hf"), recursive: true);

        hub.Files["m-F32.gguf"] = [1, 2, 3];
        var (code, _, error) = tool.Run("pull", "org/tiny");
        Assert.Equal(4, code);
        Assert.Contains("GGUF only, in 2 files", error, StringComparison.Ordinal);
        Assert.Contains("--include 'm-", error, StringComparison.Ordinal);
        Assert.Equal(0, tool.Run("pull", "org/tiny", "--include", "*Q8_0.gguf").Code);
        Assert.Equal(tool.Run("score", "g/m-Q8_0.gguf", "--text", "The method").Output, tool.Run("score", "org/tiny", "--text", "The method").Output);
    }

    private static void Online(ToolRunner tool, FakeHub hub)
    {
        tool.Variables.Remove("HF_HUB_OFFLINE");
        tool.Variables["HF_ENDPOINT"] = hub.Endpoint.ToString();
    }

    private static FakeHub HubOf(string folder)
    {
        var hub = new FakeHub();
        foreach (var file in Directory.GetFiles(folder))
        {
            hub.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        }

        return hub;
    }
}
