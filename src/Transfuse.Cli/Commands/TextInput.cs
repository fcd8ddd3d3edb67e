using System.CommandLine;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Errors;

namespace Transfuse.Cli.Commands;

/// <summary>The options of verbs that take one text: <c>--text</c>, <c>--file</c>, and <c>--no-special</c>.</summary>
internal sealed class TextInput
{
    private readonly Option<string?> _text = new("--text") { Description = "The text.", HelpName = "text" };
    private readonly Option<string?> _file = new("--file") { Description = "A UTF-8 file whose whole content is the text.", HelpName = "file" };
    private readonly Option<bool> _noSpecial = new("--no-special") { Description = "Leave out the special tokens (BOS, EOS) that the tokenizer adds." };

    internal void AddTo(Command command)
    {
        command.Add(_text);
        command.Add(_file);
        command.Add(_noSpecial);
    }

    /// <summary>Whether the tokenizer adds its special tokens.</summary>
    internal bool AddsSpecialTokens(ToolContext context) => !context.Arguments.GetValue(_noSpecial);

    /// <summary>What the text is called in messages.</summary>
    internal string NameOf(ToolContext context) => context.Arguments.GetValue(_file) ?? _text.Name;

    /// <summary>How many of the two are given.</summary>
    internal int Count(ToolContext context) => new[] { _text, _file }.Count(option => context.Arguments.GetResult(option) is not null);

    /// <summary>The text, not empty.</summary>
    /// <exception cref="UsageException">Not exactly one is given, or the text is empty.</exception>
    /// <exception cref="InputException">The file cannot be read or is empty.</exception>
    internal string Read(ToolContext context)
    {
        if (Count(context) != 1)
        {
            throw new UsageException("exactly one of --text and --file is needed", $"See 'transfuse {context.Arguments.CommandResult.Command.Name} --help'.");
        }

        if (context.Arguments.GetValue(_file) is { } file)
        {
            var content = context.ReadExactText(file);
            return content.Length > 0 ? content : throw new InputException(file, "is empty. Name a file with text in it.");
        }

        return context.Arguments.GetValue(_text) is { Length: > 0 } text ? text : throw new UsageException("--text is empty");
    }
}
