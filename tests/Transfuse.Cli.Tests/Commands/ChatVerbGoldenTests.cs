using System.Text.Json.Nodes;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Cli.Tests.Commands;

/// <summary>Greedy answers of GGUF chat models, against those that transformers gave with the same weights in float32.</summary>
public sealed class ChatVerbGoldenTests(ITestOutputHelper output)
{
    private const string Area = "smollm2";

    [GoldenFact(Area)]
    [Trait("Category", "Reference")]
    public void Greedy_answers_of_a_gguf_file_are_those_of_transformers()
    {
        var folder = Path.Combine(Golden.Root, Area);
        var golden = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")))!;
        var file = Path.Combine(folder, (string)golden["model_file"]!["name"]!);
        var chats = golden["greedy"]!["items"]!.AsArray().Where(item => (bool)item!["chat"]!).ToArray();
        Assert.NotEmpty(chats);
        using var tool = new ToolRunner();
        foreach (var item in chats)
        {
            var ids = item!["generated_ids"]!.AsArray();
            var isStopped = (bool)item["stopped_at_eos"]!;
            var (code, text, error) = tool.Run(
                "chat", file, "--prompt", (string)item["prompt"]!, "--greedy", "--tokens", ids.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), "--json");
            Assert.True(code == 0, error);
            var json = JsonNode.Parse(text)!;
            var expected = (string)item["text"]!;
            Assert.Equal(expected.Replace("<|im_end|>", string.Empty, StringComparison.Ordinal).Trim(), (string?)json["messages"]![1]!["content"]);
            Assert.Equal(isStopped ? "stop" : "length", (string?)json["finish"]);
            output.WriteLine($"{item["prompt"]}: {ids.Count} tokens equal");
        }
    }
}
