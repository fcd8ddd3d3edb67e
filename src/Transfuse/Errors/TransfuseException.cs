namespace Transfuse.Errors;

/// <summary>Base of the faults that a user can cause and mend. The message says what was found, what was expected, where, and what to do.</summary>
public class TransfuseException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One or two whole sentences for the user.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public TransfuseException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
