namespace Transfuse.Fusion;

/// <summary>A document's fused targets and how they came about.</summary>
/// <param name="Targets">What the target is to predict.</param>
/// <param name="Statistics">Who contributed what.</param>
public sealed record FusedDocument(FusedTargets Targets, FusionStatistics Statistics);
