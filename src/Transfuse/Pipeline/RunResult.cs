using Transfuse.Evaluation;

namespace Transfuse.Pipeline;

/// <summary>What a finished run gave.</summary>
/// <param name="Run">Its folder.</param>
/// <param name="Rows">Bits per byte of every model on every domain's test documents.</param>
/// <param name="TrainTokens">Tokens that each continuation of the target read; of the model, for a training recipe.</param>
/// <param name="ModelFolder">Folder of the model that the run is for: the fused target, or the trained model.</param>
public sealed record RunResult(RunFolder Run, IReadOnlyList<DomainScores> Rows, long TrainTokens, string ModelFolder);
