namespace Transfuse.Fusion;

/// <summary>How the sources are judged.</summary>
public sealed record CrossEntropyOptions
{
    /// <summary>Over what text.</summary>
    public CrossEntropyGranularity Granularity { get; init; } = CrossEntropyGranularity.Window;

    /// <summary>Per byte or per token; a window is always per byte.</summary>
    public CrossEntropyUnit Unit { get; init; } = CrossEntropyUnit.Byte;

    /// <summary>Half the window: bytes before and after the position.</summary>
    public int WindowBytes { get; init; } = 100;
}
