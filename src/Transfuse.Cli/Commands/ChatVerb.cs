using System.CommandLine;
using System.Text.Json;
using Transfuse.Cli.Commands.Chatting;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Cli.Commands;

/// <summary><c>chat</c>: talks with a model through its chat template.</summary>
internal sealed class ChatVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Model folder, .gguf file, or name on the hub." };
    private readonly Option<string?> _prompt = new("--prompt") { Description = "Ask this one question instead of reading messages from the terminal or, one a line, from stdin.", HelpName = "text" };
    private readonly Option<string?> _system = new("--system") { Description = "Message of the system before the conversation.", HelpName = "text" };
    private readonly Option<string?> _template = new("--template") { Description = "Chat template: a Jinja file, or the name of one of the model's own.", HelpName = "file" };
    private readonly SamplingFlags _sampling = new(defaultTokens: 512, defaultTemperature: 0.7);
    private readonly AdapterFlag _adapter = new();

    internal ChatVerb()
        : base(
            "chat",
            "Talks with a model. In the terminal /reset begins anew, /system TEXT sets the system message, /exit ends.",
            "transfuse chat models/a --system \"Answer in one sentence.\"",
            "transfuse chat HuggingFaceTB/SmolLM2-135M-Instruct --prompt \"What is a tensor?\" --greedy --json")
    {
        Add(_model);
        foreach (var option in new Option[] { _prompt, _system, _template })
        {
            Add(option);
        }

        _sampling.AddTo(this);
        _adapter.AddTo(this);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var options = _sampling.Read(context);
        var prompt = context.Arguments.GetValue(_prompt);
        var isTalk = prompt is null && context.Environment.IsInputTerminal;
        if (isTalk && context.Output.Mode != OutputMode.Human)
        {
            throw new UsageException("--json and --quiet need --prompt, or messages on stdin");
        }

        var folder = context.ResolveModel(context.Arguments.GetRequiredValue(_model), cancellation);
        var template = ReadTemplate(context, folder);
        var tokenizer = TokenizerFile.Load(folder);
        using var device = context.CreateDevice();
        using var model = _adapter.Load(context, folder, device, cancellation);
        options = options with { StopIds = StopTokens.Of(folder, model.Config, tokenizer, template) };
        var answerer = new ChatAnswerer(model, device, tokenizer, template, ChatTemplateFile.ReadSpecialTokens(folder), options, context.Settings.Seed ?? 0);
        var conversation = new ChatConversation(answerer, context.Arguments.GetValue(_system), context.Environment.Time);
        if (isTalk)
        {
            new ChatLoop(context, conversation).Run(cancellation);
            return ExitCodes.Done;
        }

        foreach (var message in prompt is null ? Lines(context.Environment.Input) : [prompt])
        {
            Ask(context, conversation, message, cancellation);
        }

        context.Output.Result("transfuse.chat/1", json => WriteJson(json, conversation), () => { }, conversation.LastAnswer);
        return ExitCodes.Done;
    }

    private static void Ask(ToolContext context, ChatConversation conversation, string message, CancellationToken cancellation)
    {
        var isShown = context.Output.Mode == OutputMode.Human;
        conversation.Ask(message, isShown ? context.Output.Raw : null, cancellation);
        if (isShown)
        {
            context.Output.Line();
        }
    }

    // Empty lines are no messages.
    private static IEnumerable<string> Lines(TextReader input)
    {
        while (input.ReadLine() is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return line;
            }
        }
    }

    private ChatTemplate ReadTemplate(ToolContext context, string folder)
    {
        var wanted = context.Arguments.GetValue(_template);
        return wanted is not null && File.Exists(context.Resolve(wanted))
            ? ChatTemplate.Parse(context.ReadText(wanted), wanted)
            : ChatTemplateFile.Load(folder, wanted);
    }

    private static void WriteJson(Utf8JsonWriter json, ChatConversation conversation)
    {
        json.WriteStartArray("messages");
        foreach (var message in conversation.Messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role);
            json.WriteString("content", message.Content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("finish", conversation.IsCut ? "length" : "stop");
    }
}
