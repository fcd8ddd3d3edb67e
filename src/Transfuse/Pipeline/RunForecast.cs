namespace Transfuse.Pipeline;

/// <summary>What a run would do, found out without doing it.</summary>
/// <param name="Stages">Its stages in order.</param>
/// <param name="LimitInBytes">Device memory that there is.</param>
public sealed record RunForecast(IReadOnlyList<StageForecast> Stages, long LimitInBytes)
{
    /// <summary>Tokens that the stages train on which are not taken over.</summary>
    public long Tokens => Stages.Where(stage => !stage.IsTakenOver).Sum(stage => stage.Tokens);

    /// <summary>The stage that takes the most memory of those that are not taken over, or null.</summary>
    public StageForecast? Largest => Stages.Where(stage => stage is { IsTakenOver: false, Memory: not null }).MaxBy(stage => stage.Memory!.Peak);

    /// <summary>Refuses a run of which a stage cannot fit.</summary>
    /// <exception cref="Tensors.Errors.ResourceLimitException">The largest stage takes more than there is.</exception>
    public void RequireFit()
    {
        if (Largest is { Memory: { } memory } largest)
        {
            MemoryLimit.Require(largest.Name, memory, LimitInBytes);
        }
    }
}
