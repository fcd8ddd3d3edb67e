namespace Transfuse.Tensors.Errors;

/// <summary>An allocation would exceed the memory limit that was set, or the machine has no more memory.</summary>
public sealed class ResourceLimitException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="neededBytes">Bytes in use after the refused allocation.</param>
    /// <param name="availableBytes">The limit in bytes.</param>
    /// <param name="what">What was to be allocated.</param>
    public ResourceLimitException(long neededBytes, long availableBytes, string what)
        : base($"{what} needs {neededBytes:N0} bytes, the limit is {availableBytes:N0}. Use a smaller batch, a shorter block or a larger limit.")
    {
        NeededBytes = neededBytes;
        AvailableBytes = availableBytes;
    }

    /// <summary>Bytes in use after the refused allocation.</summary>
    public long NeededBytes { get; }

    /// <summary>The limit in bytes.</summary>
    public long AvailableBytes { get; }
}
