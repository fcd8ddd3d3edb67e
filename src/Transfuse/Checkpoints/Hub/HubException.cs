using Transfuse.Errors;

namespace Transfuse.Checkpoints.Hub;

/// <summary>A model cannot be fetched from the hub: it is not there, not allowed, or the connection fails.</summary>
public sealed class HubException : InputException
{
    /// <summary>Creates the exception; the message is prefixed with the model's name.</summary>
    /// <param name="model">Name of the model on the hub.</param>
    /// <param name="problem">What is wrong and what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public HubException(string model, string problem, Exception? innerException = null)
        : base(model, problem, innerException)
    {
    }
}
