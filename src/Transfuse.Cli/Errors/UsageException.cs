using Transfuse.Errors;

namespace Transfuse.Cli.Errors;

/// <summary>The command line asks for something impossible that the parser cannot see. Exit code 2.</summary>
internal sealed class UsageException : TransfuseException
{
    internal UsageException(string message, string? advice = null)
        : base(message)
    {
        Advice = advice;
    }

    /// <summary>What to do, or null.</summary>
    internal string? Advice { get; }
}
