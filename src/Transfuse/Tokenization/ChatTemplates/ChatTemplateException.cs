using Transfuse.Errors;

namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>A chat template cannot be read, or refuses or fails on a conversation.</summary>
public sealed class ChatTemplateException : InputException
{
    /// <summary>Creates the exception; the message is prefixed with the template's name and line.</summary>
    /// <param name="template">Where the template comes from.</param>
    /// <param name="line">Line in the template, from 1, or 0 if unknown.</param>
    /// <param name="errorType">Name of the exception that Jinja or Python would raise.</param>
    /// <param name="problem">What went wrong.</param>
    public ChatTemplateException(string template, int line, string errorType, string problem)
        : base(template, line > 0 ? $"line {line}: {problem} ({errorType})" : $"{problem} ({errorType})")
    {
        Line = line;
        ErrorType = errorType;
        Problem = problem;
    }

    /// <summary>Line in the template, from 1, or 0 if unknown.</summary>
    public int Line { get; }

    /// <summary>
    /// Name of the exception that Jinja or Python would raise: <c>TemplateSyntaxError</c>, <c>TemplateAssertionError</c> (unknown filter or
    /// test), <c>TemplateError</c> (the template's own <c>raise_exception</c>), <c>UndefinedError</c>, <c>SecurityError</c>,
    /// <c>TypeError</c> …; <c>LimitError</c> if the template asks for more work or memory than <see cref="ChatTemplateLimits"/> allow.
    /// </summary>
    public string ErrorType { get; }

    /// <summary>What went wrong, without place.</summary>
    public string Problem { get; }
}
