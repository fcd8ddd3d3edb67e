using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization.ChatTemplates;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization.ChatTemplates;

/// <summary>Every template, conversation and snippet that transformers rendered, its errors included.</summary>
[Trait("Category", "Reference")]
public sealed class ChatTemplateGoldenTests(ITestOutputHelper output)
{
    private const string Area = "chat";
    private static readonly string[] AuthorsOwn = ["TemplateError", "UndefinedError", "SecurityError", "TemplateSyntaxError", "TemplateAssertionError"];

    public static TheoryData<string> Files { get; } = [.. FileNames()];

    [GoldenTheory(Area)]
    [MemberData(nameof(Files))]
    public void Every_case_renders_exactly_as_in_transformers(string file)
    {
        var golden = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden.Root, Area, file)))!.AsObject();
        var problems = new List<string>();
        var count = golden.ContainsKey("snippets") ? Snippets(golden, problems) : golden.ContainsKey("cases") ? Conversations(golden, problems) : 0;
        output.WriteLine($"{file}: {count} renderings compared, {problems.Count} differ (exact text, error class and message, spans)");
        Assert.True(count > 0, $"{file} has neither snippets nor cases.");
        problems.ForEach(output.WriteLine);
        Assert.True(problems.Count == 0, $"{problems.Count} of {count} renderings differ; the output names them.");
    }

    [GoldenFact(Area)]
    public void The_folder_has_cases() => Assert.NotEmpty(Files);

    private static IEnumerable<string> FileNames() => Golden.SkipReason(Area) is not null
        ? ["absent"]
        : Directory.GetFiles(Path.Combine(Golden.Root, Area), "*.json").Select(path => Path.GetFileName(path)!)
            .Where(name => name != "conversations.json").Order(StringComparer.Ordinal);

    private static int Snippets(JsonObject golden, List<string> problems)
    {
        var clock = new FixedClock((string)golden["now"]!);
        foreach (var snippet in golden["snippets"]!.AsArray())
        {
            var template = (string)snippet!["template"]!;
            Compare(template, snippet.AsObject(), "out", () => ChatTemplate.Parse(template).RenderVariables(snippet["vars"]!.AsObject(), clock), problems);
        }

        return golden["snippets"]!.AsArray().Count;
    }

    private static int Conversations(JsonObject golden, List<string> problems)
    {
        var conversations = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden.Root, Area, "conversations.json")))!["conversations"]!;
        var template = ChatTemplate.Parse((string)golden["template"]!);
        var count = 0;
        foreach (var item in golden["cases"]!.AsArray().Select(item => item!.AsObject()))
        {
            var conversation = conversations[(string)item["conversation"]!]!;
            var options = Options(golden, item["extra"]) with { AddGenerationPrompt = (bool)item["add_generation_prompt"]! };
            var name = $"{item["conversation"]} {item["extra"]?.ToJsonString()} {item["add_generation_prompt"]}";
            RenderedChat Render(bool dropsNull) => template.Render(
                conversation["messages"]!.AsArray(), conversation["tools"] as JsonArray, options with { DropNullKeys = dropsNull });
            Compare(name, item, "text", () => Render(dropsNull: false), problems);
            count++;
            if (item["apply_chat_template"] is JsonObject applied && (string?)applied["error"]?["type"] != "ValueError")
            {
                Compare(name + " (null keys dropped)", applied, "text", () => Render(dropsNull: true), problems);
                count++;
            }
        }

        foreach (var item in golden["continue_final_message"]?.AsArray().Select(item => item!.AsObject()) ?? [])
        {
            Compare("continued", item, "text", () => template.Render(item["messages"]!.AsArray(), null, Options(golden, null) with { ContinueFinalMessage = true }), problems);
            count++;
        }

        return count;
    }

    private static ChatTemplateOptions Options(JsonObject golden, JsonNode? extra) => new()
    {
        SpecialTokens = golden["special"]!.AsObject().ToDictionary(entry => entry.Key, entry => (string)entry.Value!),
        Variables = extra as JsonObject,
        Clock = new FixedClock((string)golden["now"]!),
    };

    private static void Compare(string name, JsonObject expected, string key, Func<RenderedChat> render, List<string> problems)
    {
        try
        {
            var chat = render();
            if (expected[key] is null)
            {
                problems.Add($"{name}\n expected {expected["error"]?.ToJsonString()}\n found    {chat.Text}");
            }
            else if ((string)expected[key]! != chat.Text)
            {
                problems.Add($"{name}\n expected {expected[key]!.ToJsonString()}\n found    {JsonValue.Create(chat.Text).ToJsonString()}");
            }
            else if (expected["generation_spans_chars"] is { } spans && spans.ToJsonString() != Spans(chat))
            {
                problems.Add($"{name}\n expected spans {spans.ToJsonString()}\n found    {Spans(chat)}");
            }
        }
        catch (ChatTemplateException exception)
        {
            var type = (string?)expected["error"]?["type"];
            var message = (string?)expected["error"]?["message"];
            if (type != exception.ErrorType || (AuthorsOwn.Contains(type) && message != exception.Problem))
            {
                problems.Add($"{name}\n expected {(expected["error"] ?? expected[key])?.ToJsonString()}\n found    {exception.ErrorType}: {exception.Problem}");
            }
        }
    }

    // The goldens count code points.
    private static string Spans(RenderedChat chat)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(chat.Text);
        int Points(int end) => System.Text.Encoding.UTF8.GetString(bytes, 0, end).EnumerateRunes().Count();
        return $"[{string.Join(',', chat.GenerationSpans.Select(span => $"[{Points(span.Start)},{Points(span.End)}]"))}]";
    }

    private sealed class FixedClock(string time) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
    }
}
