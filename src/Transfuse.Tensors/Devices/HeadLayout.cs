namespace Transfuse.Tensors.Devices;

/// <summary>
/// Where attention heads lie in the rows of a matrix: element <c>i</c> of head <c>h</c> in row <c>r</c> is column
/// <c>Offset + h·Stride + i</c> of that row. One fused projection can so hold queries, keys and values in any order. Columns are counted on into the next
/// rows: keys and values that are only read may have each head in rows of its own, whole rows further on.
/// </summary>
/// <param name="Offset">Column of the first element of head 0.</param>
/// <param name="Stride">Columns from one head to the next.</param>
public readonly record struct HeadLayout(int Offset, int Stride);
