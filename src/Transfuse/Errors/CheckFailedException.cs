namespace Transfuse.Errors;

/// <summary>A check did not hold: training diverged, a measured value misses its bound. The tool exits with code 5.</summary>
public sealed class CheckFailedException : TransfuseException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was checked, what was found, what to do.</param>
    public CheckFailedException(string message)
        : base(message)
    {
    }
}
