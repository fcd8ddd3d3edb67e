using Transfuse.Checkpoints.Comparison;

namespace Transfuse.Cli.Commands.Comparison;

/// <summary>What <c>diff</c> found.</summary>
/// <param name="A">One checkpoint as the user named it.</param>
/// <param name="B">The other one.</param>
/// <param name="Tensors">Every tensor, sorted by name.</param>
internal sealed record DiffResult(string A, string B, IReadOnlyList<TensorComparison> Tensors)
{
    /// <summary>Whether both have the same tensors with the same shapes, types and values.</summary>
    internal bool IsEqual => Tensors.All(tensor => tensor.IsEqual);

    /// <summary>Tensors that are equal.</summary>
    internal int Equal => Tensors.Count(tensor => tensor.IsEqual);

    /// <summary>Tensors that both have and that differ.</summary>
    internal int Different => Tensors.Count(tensor => !tensor.IsEqual && tensor.A is not null && tensor.B is not null);

    /// <summary>Tensors that only the first one has.</summary>
    internal int OnlyInA => Tensors.Count(tensor => tensor.B is null);

    /// <summary>Tensors that only the second one has.</summary>
    internal int OnlyInB => Tensors.Count(tensor => tensor.A is null);

    /// <summary>Largest difference of two elements; null if no values could be compared.</summary>
    internal double? Largest => Tensors.Max(tensor => tensor.Values?.Largest);

    /// <summary>‖a − b‖/‖a‖ over all tensors whose values could be compared; null if it has no value.</summary>
    internal double? RelativeL2 => Whole.RelativeL2;

    /// <summary>Elements that are NaN or infinite in one of them.</summary>
    internal long NotFinite => Tensors.Sum(tensor => tensor.Values?.NotFinite ?? 0);

    private ValueDifference Whole => new()
    {
        Largest = Largest,
        SquaresOfA = Tensors.Sum(tensor => tensor.Values?.SquaresOfA ?? 0),
        SquaresOfDifference = Tensors.Sum(tensor => tensor.Values?.SquaresOfDifference ?? 0),
    };
}
