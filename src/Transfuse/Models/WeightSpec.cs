using Transfuse.Tensors;

namespace Transfuse.Models;

/// <summary>A parameter and the file tensors whose rows, one under the other, it consists of.</summary>
/// <param name="Name">Name of the parameter in the model.</param>
/// <param name="Shape">Shape of the parameter.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Parts">File tensors in the order of their rows.</param>
internal sealed record WeightSpec(string Name, Shape Shape, WeightRole Role, IReadOnlyList<WeightPart> Parts)
{
    /// <summary>Whether weight decay applies by default: matrices yes, vectors no.</summary>
    internal bool Decays => Shape.Rank > 1;

    /// <summary>Calls <paramref name="action"/> with every part and the elements of <paramref name="value"/> that are its own.</summary>
    internal void ForEachPart(Tensor value, Action<WeightPart, Tensor> action)
    {
        // A vector is a matrix of single elements here, so that parts are rows in both cases.
        using var rows = value.Reshape(Shape.Rank == 1 ? new Shape(Shape[0], 1) : Shape);
        var start = 0;
        foreach (var part in Parts)
        {
            using var slice = rows.SliceRows(start, part.Rows);
            action(part, slice);
            start += part.Rows;
        }
    }
}
