using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Cli.Commands.Chatting;

/// <summary>A conversation that grows by questions and answers.</summary>
internal sealed class ChatConversation(ChatAnswerer answerer, string? system, TimeProvider clock)
{
    private readonly List<ChatMessage> _turns = [];
    private string? _system = system;
    private int _answers;

    /// <summary>All messages, that of the system first.</summary>
    internal IEnumerable<ChatMessage> Messages => _system is null ? _turns : _turns.Prepend(new ChatMessage("system", _system));

    /// <summary>The last answer, or null.</summary>
    internal string? LastAnswer => _turns.Count > 0 ? _turns[^1].Content : null;

    /// <summary>Whether the last answer was cut.</summary>
    internal bool IsCut { get; private set; }

    /// <summary>Adds a message of the user and the answer to it; if that fails, the conversation stays as it was.</summary>
    /// <param name="message">What the user says.</param>
    /// <param name="write">Is given every new piece of the answer, or null.</param>
    /// <param name="cancellation">Checked before every token.</param>
    internal void Ask(string message, Action<string>? write, CancellationToken cancellation)
    {
        var question = new ChatMessage("user", message);
        var (answer, isCut) = answerer.Answer(Messages.Append(question), _answers++, clock, write, cancellation);
        _turns.Add(question);
        _turns.Add(new ChatMessage("assistant", answer));
        IsCut = isCut;
    }

    /// <summary>Forgets everything but the system's message.</summary>
    internal void Reset() => _turns.Clear();

    /// <summary>Sets the system's message, null for none, and forgets everything else.</summary>
    internal void SetSystem(string? message)
    {
        _system = message;
        Reset();
    }
}
