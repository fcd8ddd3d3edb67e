namespace Transfuse.Errors;

/// <summary>A file that Transfuse wrote itself (store, manifest, checkpoint state) is missing, altered or of another run.</summary>
public sealed class ArtifactException : InputException
{
    /// <summary>Creates the exception; the message is prefixed with the path.</summary>
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What is wrong, what was expected, what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public ArtifactException(string path, string problem, Exception? innerException = null)
        : base(path, problem, innerException)
    {
    }
}
