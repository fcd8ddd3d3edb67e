using System.Diagnostics;
using System.Text.Json.Nodes;
using Transfuse.Errors;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Tests.Tokenization.ChatTemplates;

public sealed class ChatTemplateTests
{
    private const string ChatMl =
        "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{{ eos_token }}{% endfor %}"
        + "{% if add_generation_prompt %}<|assistant|>{% endif %}";

    [Fact]
    public void Spans_of_generation_blocks_count_bytes()
    {
        var chat = ChatTemplate.Parse(ChatMl).Render([new ChatMessage("user", "é👋"), new("assistant", "ça"), new("user", "x"), new("assistant", "😀!")], Options());
        var bytes = System.Text.Encoding.UTF8.GetBytes(chat.Text);
        Assert.Equal(["ça", "😀!"], chat.GenerationSpans.Select(span => System.Text.Encoding.UTF8.GetString(bytes, span.Start, span.Length)));
    }

    [Fact]
    public void A_continued_message_ends_inside_and_so_does_its_span()
    {
        var chat = ChatTemplate.Parse(ChatMl).Render([new ChatMessage("user", "q"), new("assistant", "so ")], Options() with { ContinueFinalMessage = true });
        Assert.Equal("<|user|>q</s><|assistant|>so ", chat.Text);
        Assert.Equal([new ByteSpan(26, 29)], chat.GenerationSpans);
    }

    [Theory]
    [InlineData("a\nb\n{{ raise_exception('no') }}", 3, "TemplateError", "no")]
    [InlineData("{% if true %}\n{% for m in 3 %}{% endfor %}{% endif %}", 2, "TypeError", "'int' object is not iterable")]
    [InlineData("{{ messages[0].content.missing.x }}", 1, "UndefinedError", "'str object' has no attribute 'missing'")]
    public void A_fault_names_its_line_and_kind(string template, int line, string type, string problem)
    {
        var fault = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template, "t.jinja").Render([new ChatMessage("user", "x")]));
        Assert.Equal((line, type, problem), (fault.Line, fault.ErrorType, fault.Problem));
        Assert.StartsWith("t.jinja: line ", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>What jinja2 3.1.6 under Python 3.11 prints.</summary>
    [Theory]
    [InlineData("{{ 'a'|safe + '<b>' }} {{ 'a'|safe ~ '<b>' }} {{ '<'|e|e }} {{ ('<'|e) is escaped }}", "a&lt;b&gt; a<b> &lt; True")]
    [InlineData("{{ 10 ** 25 / 3 }} {{ 12345678901234567 / 1 }} {{ 2 ** 0.5 }} {{ 7 % -3 }} {{ -7.5 // 2 }}", "3.3333333333333333e+24 1.2345678901234568e+16 1.4142135623730951 -2 -4.0")]
    [InlineData("{{ '{:05d} {:,} {:#x} {:.3} {:>6}|{:^7.2f}'.format(42, 1234567, 255, 1234.5, 'a', 2.345) }}", "00042 1,234,567 0xff 1.23e+03      a| 2.35  ")]
    [InlineData("{{ '%-5d|%+.2e|%(x)s' % {'x': 1} if false else '%5.1f|%x|%r' % (2.25, 255, 'it\\'s') }}", "  2.2|ff|\"it's\"")]
    [InlineData("{{ 'ΑΣ'.lower() }} {{ 'ǆ'.title() }} {{ 'ßa'.title() }} {{ \"they're x-y\".title() }} {{ \"they're x-y\"|title }}", "ας ǅ Ssa They'Re X-Y They're X-Y")]
    [InlineData("{{ range(9)[1:8:3] }} {{ (1, 2)[::-1] }} {{ 'a😀b'[::-1] }} {{ [1, 2, 3][5:0:-1] }}", "range(1, 8, 3) (2, 1) b😀a [3, 2]")]
    [InlineData("{% set g = [1, 2]|map('string') %}{{ g|first }}{{ g|join }}{{ g|join }}", "12")]
    [InlineData("{% if false %}{{ x|nosuch }}{% endif %}{{ 1 if true else x is nosuch }}", "1")]
    [InlineData("{{ {1: 'a', 1.0: 'b', true: 'c'} }} {{ [x, none, 'q\"', \"'\"] }}", "{1: 'c'} [Undefined, None, 'q\"', \"'\"]")]
    public void Corner_cases_print_as_in_Jinja(string template, string expected) => Assert.Equal(expected, ChatTemplate.Parse(template).Render(new JsonArray()).Text);

    [Theory]
    [InlineData("{% if x %}")]
    [InlineData("{% if x %}{% endfor %}")]
    [InlineData("{{ x")]
    [InlineData("{{ 'x }}")]
    [InlineData("{# x")]
    [InlineData("{% raw %}x")]
    [InlineData("{% break %}")]
    [InlineData("{% include 'x' %}")]
    [InlineData("{{ x | }}")]
    [InlineData("{% set 1 = 2 %}")]
    [InlineData("{% macro m(a=1, b) %}{% endmacro %}")]
    [InlineData("{{ a ? b }}")]
    public void A_broken_template_is_refused_when_it_is_read(string template) =>
        Assert.Equal("TemplateSyntaxError", Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template)).ErrorType);

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "LimitError")]
    [InlineData("{{ 'x' * 10000000000 }}", "LimitError")]
    [InlineData("{{ [0] * 10000000000 }}", "LimitError")]
    [InlineData("{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}", "LimitError")]
    [InlineData("{% set n = namespace(s=[1]) %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}", "LimitError")]
    [InlineData("{{ 10 ** (10 ** 10) }}", "LimitError")]
    [InlineData("{{ 'x'.center(2000000000) }}", "LimitError")]
    [InlineData("{{ '%2000000000d' % 1 }}", "LimitError")]
    [InlineData("{{ '{:>2000000000}'.format(1) }}", "LimitError")]
    [InlineData("{{ range(10 ** 9) }}", "OverflowError")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "RecursionError")]
    [InlineData("{% set n = namespace(s=1) %}{% for a in range(90000) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s }}", "RecursionError")]
    [InlineData("{% set n = namespace(s=1) %}{% for a in range(90000) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s | tojson }}", "RecursionError")]
    [InlineData("{% set n = namespace(s=1) %}{% for a in range(90000) %}{% set n.s = (n.s,) %}{% endfor %}{{ {n.s: 1} }}", "RecursionError")]
    [InlineData("{% set n = namespace(s=1) %}{% for a in range(1001) %}{% set n.s = {1: n.s} %}{% endfor %}{{ n.s }}", "RecursionError")]
    public void A_hostile_template_ends_soon(string template, string type)
    {
        var watch = Stopwatch.StartNew();
        var fault = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template).Render(new JsonArray()));
        Assert.Equal(type, fault.ErrorType);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(2), "The limits did not bound the time.");
    }

    [Fact]
    public void Values_as_deep_as_Python_prints_them_are_printed()
    {
        const string Deep = "{% set n = namespace(s=1) %}{% for a in range(900) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s }}{{ n.s | tojson }}";
        var printed = new string('[', 900) + "1" + new string(']', 900);
        Assert.Equal(printed + printed, ChatTemplate.Parse(Deep).Render(new JsonArray()).Text);
    }

    [Theory]
    [InlineData("{{ ", "(", ")")]
    [InlineData("{{ ", "[", "]")]
    [InlineData("{{ ", "not ", "")]
    [InlineData("{{ ", "-", "")]
    [InlineData("", "{% if 1 %}", "{% endif %}")]
    public void Deep_nesting_is_refused_and_does_not_end_the_process(string start, string opening, string closing)
    {
        const int depth = 200_000;
        var text = new System.Text.StringBuilder(start).Insert(start.Length, opening, depth).Append('1').Insert(start.Length + (opening.Length * depth) + 1, closing, depth);
        Assert.Equal("RecursionError", Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(text.Append(start.Length > 0 ? " }}" : "").ToString()).Render(new JsonArray())).ErrorType);
    }

    [Fact]
    public void A_long_chain_of_operators_is_no_deep_nesting()
    {
        var sum = "{{ " + string.Join(" + ", Enumerable.Repeat("1", 2000)) + " }}";
        Assert.Equal("2000", ChatTemplate.Parse(sum).Render(new JsonArray()).Text);
    }

    [Fact]
    public void Cancellation_ends_a_rendering()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var template = ChatTemplate.Parse("{% for a in range(99999) %}{% endfor %}");
        Assert.Throws<OperationCanceledException>(() => template.Render(new JsonArray(), cancellationToken: source.Token));
    }

    [Theory]
    [InlineData("{{ '{0.__class__}'.format('x') }}", "")]
    [InlineData("{{ ''.__class__.__mro__ }}", null)]
    [InlineData("{{ messages|attr('__class__') }}", "")]
    [InlineData("{{ messages['__class__'] }}", "")]
    public void The_sandbox_shows_no_inside(string template, string? expected)
    {
        var parsed = ChatTemplate.Parse(template);
        if (expected is null)
        {
            Assert.Equal("SecurityError", Assert.Throws<ChatTemplateException>(() => parsed.Render(new JsonArray())).ErrorType);
        }
        else
        {
            Assert.Equal(expected, parsed.Render(new JsonArray()).Text);
        }
    }

    [Fact]
    public void A_folder_gives_its_templates_and_tokens()
    {
        using var folder = new TemporaryFolder();
        void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.FullPath, name), text);
        Assert.Contains("has no chat template", Assert.Throws<TokenizerException>(() => ChatTemplateFile.Load(folder.FullPath)).Message, StringComparison.Ordinal);
        Write("tokenizer_config.json", """{"bos_token": {"content": "<s>"}, "eos_token": "</s>", "chat_template": "one"}""");
        Write("special_tokens_map.json", """{"eos_token": "old", "pad_token": "<pad>"}""");
        Assert.Equal("one", ChatTemplateFile.Load(folder.FullPath).Text);
        var tokens = ChatTemplateFile.ReadSpecialTokens(folder.FullPath);
        Assert.Equal(("<s>", "</s>", "<pad>"), (tokens["bos_token"], tokens["eos_token"], tokens["pad_token"]));
        Write("tokenizer_config.json", """{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]}""");
        Assert.Equal(("d", "t"), (ChatTemplateFile.Load(folder.FullPath).Text, ChatTemplateFile.Load(folder.FullPath, "tool_use").Text));
        Write("chat_template.json", """{"chat_template": "j"}""");
        Assert.Equal("j", ChatTemplateFile.Load(folder.FullPath).Text);
        Write("chat_template.jinja", "file");
        Assert.Equal("file", ChatTemplateFile.Load(folder.FullPath).Text);
        Assert.Contains("'default', 'tool_use'", Assert.Throws<TokenizerException>(() => ChatTemplateFile.Load(folder.FullPath, "x")).Message, StringComparison.Ordinal);
    }

    private static ChatTemplateOptions Options() => new() { SpecialTokens = new Dictionary<string, string>(StringComparer.Ordinal) { ["eos_token"] = "</s>" } };
}
