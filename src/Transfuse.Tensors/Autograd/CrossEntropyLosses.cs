namespace Transfuse.Tensors.Autograd;

/// <summary>What a cross-entropy loss found for every row.</summary>
/// <param name="LabelLosses">−log q(label) of each row in nats, unweighted; 0 without label.</param>
/// <param name="TeacherLosses">Unweighted teacher term of each row; empty without teacher.</param>
public sealed record CrossEntropyLosses(ReadOnlyMemory<float> LabelLosses, ReadOnlyMemory<float> TeacherLosses);
