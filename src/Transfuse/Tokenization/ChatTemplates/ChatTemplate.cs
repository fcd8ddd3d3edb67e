using System.Text.Json.Nodes;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Library;
using Transfuse.Tokenization.ChatTemplates.Syntax;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>
/// A chat template: a Jinja program that comes with a model and turns a conversation into the text that the model was trained on. It runs as
/// in transformers (sandboxed, trim_blocks, lstrip_blocks, loop controls, <c>generation</c> blocks). Immutable and thread safe.
/// </summary>
/// <remarks>
/// Texts, numbers and lists behave as in Python, character by character. Not here: other templates (include, import, extends), and the
/// filters that <see cref="Filters"/> names.
/// </remarks>
public sealed class ChatTemplate
{
    private const string ContinueTag = "CONTINUE_FINAL_MESSAGE_TAG ";
    private readonly IReadOnlyList<Statement> _statements;

    private ChatTemplate(string text, string name, IReadOnlyList<Statement> statements)
    {
        Text = text;
        Name = name;
        _statements = statements;
    }

    /// <summary>The template's text.</summary>
    public string Text { get; }

    /// <summary>Where it comes from, for messages.</summary>
    public string Name { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="text">The template.</param>
    /// <param name="name">Where it comes from, for messages.</param>
    /// <exception cref="ChatTemplateException">It breaks the grammar.</exception>
    public static ChatTemplate Parse(string text, string name = "chat template")
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(name);
        return Guard(name, () => 0, () => new ChatTemplate(text, name, TemplateParser.Parse(text)));
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The messages, objects with <c>role</c>, <c>content</c> and what the template knows besides.</param>
    /// <param name="tools">Descriptions of the tools that the model may call, or null. The template sees <c>tools</c> as none then.</param>
    /// <param name="options">What else it is given; null for the defaults.</param>
    /// <param name="cancellationToken">Checked while the template runs.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, fails, or does too much.</exception>
    public RenderedChat Render(JsonArray messages, JsonArray? tools = null, ChatTemplateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        options ??= new ChatTemplateOptions();
        var prepared = ChatMessages.Prepare(messages, options.DropNullKeys);
        if (options.ContinueFinalMessage)
        {
            ChatMessages.AppendToLast(prepared, ContinueTag);
        }

        var scope = new Scope(null);
        Globals.Define(scope, options.Clock);
        foreach (var (key, value) in options.SpecialTokens)
        {
            scope.Set(key, value);
        }

        scope.Set("messages", JsonValues.Of(prepared));
        scope.Set("tools", JsonValues.Of(tools));
        scope.Set("documents", NoneValue.Value);
        scope.Set("add_generation_prompt", options.AddGenerationPrompt);
        foreach (var (key, value) in options.Variables ?? [])
        {
            scope.Set(key, JsonValues.Of(value));
        }

        var rendered = Run(scope, options.Limits, cancellationToken);
        return options.ContinueFinalMessage ? CutAtTag(rendered) : rendered;
    }

    /// <summary>Renders a conversation of plain messages.</summary>
    /// <inheritdoc cref="Render(JsonArray, JsonArray?, ChatTemplateOptions?, CancellationToken)"/>
    public RenderedChat Render(IEnumerable<ChatMessage> messages, ChatTemplateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Render(new JsonArray([.. messages.Select(message => (JsonNode)message.ToJson())]), null, options, cancellationToken);
    }

    /// <summary>Renders with nothing but variables.</summary>
    internal RenderedChat RenderVariables(JsonObject variables, TimeProvider clock, ChatTemplateLimits? limits = null, CancellationToken cancellationToken = default)
    {
        var scope = new Scope(null);
        Globals.Define(scope, clock);
        foreach (var (key, value) in variables)
        {
            scope.Set(key, JsonValues.Of(value));
        }

        return Run(scope, limits ?? new ChatTemplateLimits(), cancellationToken);
    }

    private RenderedChat Run(Scope scope, ChatTemplateLimits limits, CancellationToken cancellation)
    {
        var interpreter = new Interpreter(new RenderBudget(limits, cancellation));
        return Guard(Name, () => interpreter.Line, () =>
        {
            interpreter.Run(_statements, scope);
            var text = interpreter.Output.ToString();
            return new RenderedChat(text, [.. interpreter.Output.Generations.Select(span => ToBytes(text, span))]);
        });
    }

    private static ByteSpan ToBytes(string text, (int Start, int End) span)
    {
        var start = Math.Min(span.Start, text.Length);
        var first = System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, start));
        return new ByteSpan(first, first + System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(start, Math.Min(span.End, text.Length) - start)));
    }

    // As transformers does it: where the template trimmed the tag's own space, it would have trimmed the message's.
    private RenderedChat CutAtTag(RenderedChat rendered)
    {
        var tag = rendered.Text.LastIndexOf(ContinueTag.TrimEnd(), StringComparison.Ordinal);
        if (tag < 0)
        {
            throw new ChatTemplateException(Name, 0, "ValueError", "the template does not write the last message, so it cannot be continued");
        }

        var keepsSpace = rendered.Text.AsSpan(tag).StartsWith(ContinueTag, StringComparison.Ordinal);
        var text = keepsSpace ? rendered.Text[..tag] : PythonSpace.TrimEnd(rendered.Text.AsSpan(0, tag)).ToString();
        var bytes = System.Text.Encoding.UTF8.GetByteCount(text);
        return new RenderedChat(text, [.. rendered.GenerationSpans.Where(span => span.Start < bytes).Select(span => new ByteSpan(span.Start, Math.Min(span.End, bytes)))]);
    }

    private static T Guard<T>(string name, Func<int> line, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (TemplateFault fault)
        {
            throw new ChatTemplateException(name, fault.Line > 0 ? fault.Line : line(), fault.ErrorType, fault.Message);
        }
        catch (InsufficientExecutionStackException)
        {
            throw new ChatTemplateException(name, line(), "RecursionError", "the template is nested too deeply");
        }
    }
}
