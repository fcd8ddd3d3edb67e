using Transfuse.Training;

namespace Transfuse.Pipeline;

/// <summary>What a run would do with one stage.</summary>
/// <param name="Name">Name of the stage.</param>
/// <param name="IsTakenOver">Whether a finished run beside has its result.</param>
/// <param name="Tokens">Tokens that it trains on; 0 for other stages.</param>
/// <param name="Memory">Device memory that it takes, or null where it needs none worth naming.</param>
public sealed record StageForecast(string Name, bool IsTakenOver, long Tokens, MemoryEstimate? Memory);
