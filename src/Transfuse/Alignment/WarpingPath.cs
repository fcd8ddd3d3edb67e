namespace Transfuse.Alignment;

/// <summary>The path of dynamic time warping, by target position.</summary>
/// <param name="Starts">Start of each target position's source positions and the end of the last.</param>
/// <param name="SourcePositions">Source positions, ascending within a target position; each has at least one.</param>
/// <param name="Total">Cost of the path.</param>
public sealed record WarpingPath(int[] Starts, int[] SourcePositions, int Total)
{
    /// <summary>Source positions matched with a target position.</summary>
    public ReadOnlySpan<int> SourcesOf(int targetPosition) =>
        SourcePositions.AsSpan(Starts[targetPosition]..Starts[targetPosition + 1]);
}
