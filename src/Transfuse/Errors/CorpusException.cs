namespace Transfuse.Errors;

/// <summary>A corpus is missing, empty or unreadable.</summary>
public sealed class CorpusException : InputException
{
    /// <summary>Creates the exception; the message is prefixed with the path.</summary>
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What is wrong, what was expected, what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public CorpusException(string path, string problem, Exception? innerException = null)
        : base(path, problem, innerException)
    {
    }
}
