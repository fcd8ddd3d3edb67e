namespace Transfuse.LibTorch;

/// <summary>What the reference script gives its optimiser.</summary>
internal sealed record AdamWSettings(double LearningRate = 1e-3, double Beta1 = 0.9, double Beta2 = 0.95, double Epsilon = 1e-8, double WeightDecay = 0.1);
