using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;

namespace Transfuse.Models;

/// <summary>A module of a model that an adapter changes.</summary>
/// <param name="Module">Its name as in transformers.</param>
/// <param name="Parameter">The parameter that holds its weight, perhaps with others.</param>
/// <param name="FirstRow">Where its rows begin.</param>
/// <param name="RowCount">How many rows it has.</param>
/// <param name="IsEmbedding">Whether it looks rows up.</param>
internal sealed record AdapterPlace(string Module, Parameter Parameter, int FirstRow, int RowCount, bool IsEmbedding)
{
    /// <summary>A view of its rows, which the caller disposes.</summary>
    internal Tensor Rows() => Parameter.Value.SliceRows(FirstRow, RowCount);
}
