namespace Transfuse.Checkpoints;

/// <summary>Fills <paramref name="destination"/> with the next values of a tensor.</summary>
internal delegate void TensorReader<T>(Span<T> destination);
