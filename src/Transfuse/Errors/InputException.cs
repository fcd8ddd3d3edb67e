namespace Transfuse.Errors;

/// <summary>An input (model, tokenizer, corpus, artifact) is missing, unreadable or corrupt. The tool exits with code 4.</summary>
public class InputException : TransfuseException
{
    /// <summary>Creates the exception; the message is prefixed with the path.</summary>
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What is wrong, what was expected, what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public InputException(string path, string problem, Exception? innerException = null)
        : base($"{path}: {problem}", innerException)
    {
        Path = path;
    }

    /// <summary>The file or folder at fault.</summary>
    public string Path { get; }
}
