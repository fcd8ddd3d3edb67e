namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Label and teacher of one row.</summary>
internal readonly ref struct CrossEntropyRow(
    int label, float labelWeight, ReadOnlySpan<int> ids, ReadOnlySpan<float> probabilities, float restMass, float teacherWeight)
{
    /// <summary>Gold id, −1 for none.</summary>
    internal int Label { get; } = label;

    /// <summary>Weight of the hard term, 0 without label.</summary>
    internal float LabelWeight { get; } = labelWeight;

    /// <summary>Ids that the teacher keeps.</summary>
    internal ReadOnlySpan<int> Ids { get; } = ids;

    /// <summary>Probability p of each id.</summary>
    internal ReadOnlySpan<float> Probabilities { get; } = probabilities;

    /// <summary>Mass r of all other ids together.</summary>
    internal float RestMass { get; } = restMass;

    /// <summary>Weight of the teacher term, 0 without entries: with nothing kept, Q = 0 and the term is constantly 0.</summary>
    internal float TeacherWeight { get; } = teacherWeight;

    /// <summary>Whether a loss has to be computed.</summary>
    internal bool HasLoss => Label >= 0 || Ids.Length > 0;

    /// <summary>Whether the logits get a gradient.</summary>
    internal bool HasGradient => LabelWeight != 0 || TeacherWeight != 0;
}
