namespace Transfuse.Errors;

/// <summary>A checkpoint file (config, safetensors, GGUF) does not hold what its format promises.</summary>
public sealed class ModelFormatException : InputException
{
    /// <summary>Creates the exception; the message is prefixed with the path.</summary>
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What is wrong, what was expected, what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public ModelFormatException(string path, string problem, Exception? innerException = null)
        : base(path, problem, innerException)
    {
    }
}
