using Transfuse.Tensors;

namespace Transfuse.Context;

/// <summary>Cosines and sines, and which row of them each token of a batch takes.</summary>
/// <param name="Cos">Cosines [rows, dimensions/2].</param>
/// <param name="Sin">Sines [rows, dimensions/2].</param>
/// <param name="Rows">For each token a row of the two.</param>
public sealed record RopeRows(Tensor Cos, Tensor Sin, int[] Rows);
