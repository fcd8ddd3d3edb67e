namespace Transfuse.Errors;

/// <summary>A tokenizer file cannot be read, or a text cannot be tokenised with it.</summary>
public sealed class TokenizerException : InputException
{
    /// <summary>Creates the exception; the message is prefixed with the path.</summary>
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What is wrong, what was expected, what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public TokenizerException(string path, string problem, Exception? innerException = null)
        : base(path, problem, innerException)
    {
    }
}
