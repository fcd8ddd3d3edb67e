namespace Transfuse.Training;

/// <summary>What one optimiser step found.</summary>
/// <param name="Loss">λ·label loss + (1 − λ)·teacher loss, mean over predicted tokens, nats.</param>
/// <param name="LabelLoss">Mean −log q(next token), nats.</param>
/// <param name="TeacherLoss">Mean teacher term over the tokens that have a teacher, nats; null without teacher.</param>
/// <param name="GradientNorm">Global norm before clipping.</param>
/// <param name="PredictedTokens">Tokens predicted in the step.</param>
public readonly record struct StepResult(double Loss, double LabelLoss, double? TeacherLoss, double GradientNorm, int PredictedTokens);
