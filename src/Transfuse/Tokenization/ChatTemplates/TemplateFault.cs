namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>A fault inside a template, on its way to <see cref="ChatTemplateException"/>, which adds the place.</summary>
internal sealed class TemplateFault : Exception
{
    /// <summary>Creates the fault.</summary>
    /// <param name="errorType">Name of the exception that Jinja or Python would raise.</param>
    /// <param name="problem">What went wrong.</param>
    /// <param name="line">Line in the template, or 0 for the line that is being worked on.</param>
    internal TemplateFault(string errorType, string problem, int line = 0)
        : base(problem)
    {
        ErrorType = errorType;
        Line = line;
    }

    /// <summary>Name of the exception that Jinja or Python would raise.</summary>
    internal string ErrorType { get; }

    /// <summary>Line in the template, or 0.</summary>
    internal int Line { get; }

    /// <summary>A value of a kind that the operation does not take.</summary>
    internal static TemplateFault Type(string problem) => new("TypeError", problem);

    /// <summary>A value of the right kind that cannot be used.</summary>
    internal static TemplateFault Value(string problem) => new("ValueError", problem);

    /// <summary>The template breaks the grammar.</summary>
    internal static TemplateFault Syntax(string problem, int line) => new("TemplateSyntaxError", problem, line);
}
