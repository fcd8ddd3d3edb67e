namespace Transfuse.Checkpoints.Comparison;

/// <summary>What two checkpoints have under one name.</summary>
/// <param name="Name">The name.</param>
/// <param name="A">The first one's tensor, or null.</param>
/// <param name="B">The second one's, or null.</param>
/// <param name="Values">How far the values are apart; null unless both have the tensor, in one shape and with elements that can be compared.</param>
public sealed record TensorComparison(string Name, StoredTensor? A, StoredTensor? B, ValueDifference? Values)
{
    /// <summary>Whether both have it in the same shape.</summary>
    public bool HasSameShape => A is not null && B is not null && A.Dimensions.SequenceEqual(B.Dimensions);

    /// <summary>Whether both have it in the same type.</summary>
    public bool HasSameType => A is not null && B is not null && string.Equals(A.Type, B.Type, StringComparison.Ordinal);

    /// <summary>Whether both have it with the same shape, type and values.</summary>
    public bool IsEqual => HasSameShape && HasSameType && Values is { Different: 0 };
}
