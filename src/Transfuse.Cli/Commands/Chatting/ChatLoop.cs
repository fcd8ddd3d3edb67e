using Transfuse.Cli.Hosting;
using Transfuse.Errors;

namespace Transfuse.Cli.Commands.Chatting;

/// <summary>A conversation in the terminal: reads lines, answers, and obeys lines that begin with a slash.</summary>
internal sealed class ChatLoop(ToolContext context, ChatConversation conversation)
{
    private const string Help = "/reset begins anew, /system TEXT sets the system message, /exit ends.";

    /// <summary>Runs until the user ends it.</summary>
    internal void Run(CancellationToken cancellation)
    {
        context.Output.Note(Help);
        while (ReadLine(cancellation) is { } line && Take(line.Trim(), cancellation))
        {
        }
    }

    // The read itself cannot be cancelled; leaving it behind lets Ctrl-C end the tool at once.
    private string? ReadLine(CancellationToken cancellation)
    {
        context.Output.Raw("> ");
        return Task.Run(context.Environment.Input.ReadLine, CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();
    }

    // Whether to go on.
    private bool Take(string line, CancellationToken cancellation)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        switch (space < 0 ? line : line[..space])
        {
            case "":
                return true;
            case "/exit" or "/quit":
                return false;
            case "/reset":
                conversation.Reset();
                context.Output.Note("The conversation begins anew.");
                return true;
            case "/system":
                conversation.SetSystem(space < 0 ? null : line[(space + 1)..].Trim());
                context.Output.Note(space < 0 ? "No system message; the conversation begins anew." : "The system message is set; the conversation begins anew.");
                return true;
            case var command when command.StartsWith('/'):
                context.Output.Note($"There is no {command}. {Help}");
                return true;
            default:
                Answer(line, cancellation);
                return true;
        }
    }

    private void Answer(string line, CancellationToken cancellation)
    {
        try
        {
            conversation.Ask(line, context.Output.Raw, cancellation);
            context.Output.Line(conversation.IsCut ? " …" : string.Empty);
        }
        catch (InputException exception)
        {
            context.Output.Error(exception.Message);
        }
    }
}
