using Transfuse.Checkpoints.Gguf;
using Transfuse.Errors;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>The tensors of a GGUF file under the names of a weight map: compares the two and reads parameters.</summary>
internal sealed class GgufWeights(GgufModel model)
{
    private const int MostNamed = 8;

    /// <summary>Reads every parameter of <paramref name="map"/>, after everything was found to be there and of the right shape.</summary>
    /// <param name="map">What the model needs.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="precision">Whether matrices are widened now or rest as stored.</param>
    /// <exception cref="ModelFormatException">Tensors are missing, left over or of another shape; they are named.</exception>
    internal ParameterSet Read(WeightMap map, Device device, WeightPrecision precision)
    {
        Check(map);
        return precision == WeightPrecision.Float32
            ? ParameterSet.Create(map, device, (spec, value) => spec.ForEachPart(value, Fill))
            : ParameterSet.Create(map, spec => Rests(spec) ? Allocate(spec, device) : device.Allocate(spec.Shape), (spec, value) =>
            {
                if (value.IsResting)
                {
                    Copy(spec, value);
                }
                else
                {
                    spec.ForEachPart(value, Fill);
                }
            }, map.Packing(precision, device));
    }

    /// <summary>Matrices rest unless all of it is float32 in the file, too, or their rows are rearranged inside.</summary>
    private bool Rests(WeightSpec spec) =>
        spec.Shape.Rank == 2 && spec.Parts.All(part => model.Tensors[part.FileName].KeepsRows) && spec.Parts.Any(part => model.Tensors[part.FileName].Type != DType.F32);

    private Tensor Allocate(WeightSpec spec, Device device) => Tensor.AllocateResting(
        device.Memory, spec.Shape.Columns, [.. spec.Parts.Select(part => new RestingSection(part.Shape[0], model.Tensors[part.FileName].Type))]);

    private void Copy(WeightSpec spec, Tensor value)
    {
        var row = 0;
        foreach (var part in spec.Parts)
        {
            for (var i = 0; i < part.Shape[0]; i++)
            {
                model.Tensors[part.FileName].ReadRowBytes(i, value.RestingRow(row++));
            }
        }
    }

    private void Fill(WeightPart part, Tensor rows)
    {
        var width = part.IsTransposed ? part.Shape.Columns : rows.Columns;
        model.Tensors[part.FileName].Read((first, values) =>
        {
            for (var row = first; !values.IsEmpty; row++, values = values[width..])
            {
                if (!part.IsTransposed)
                {
                    values[..width].CopyTo(rows.Row(row));
                    continue;
                }

                for (var column = 0; column < width; column++)
                {
                    rows.Row(column)[row] = values[column];
                }
            }
        });
    }

    private void Check(WeightMap map)
    {
        var parts = map.Specs.SelectMany(spec => spec.Parts).ToList();
        List<string> problems = [];
        foreach (var part in parts)
        {
            if (!model.Tensors.TryGetValue(part.FileName, out var tensor))
            {
                problems.Add($"no {part.FileName} {part.Shape}");
            }
            else if (!HasShape(tensor, part.Shape))
            {
                problems.Add($"{part.FileName} is [{string.Join(", ", tensor.Dimensions)}], expected {part.Shape}");
            }
        }

        problems.AddRange(model.Tensors.Keys.Except(parts.Select(part => part.FileName), StringComparer.Ordinal).Select(name => $"unknown {name}"));
        if (problems.Count > 0)
        {
            var rest = problems.Count > MostNamed ? $" and {problems.Count - MostNamed} more" : "";
            throw new ModelFormatException(
                model.Checkpoint.Path,
                $"its tensors (named here as in a Hugging Face folder) do not fit its keys: {string.Join("; ", problems.Take(MostNamed))}{rest}. "
                + "The file is damaged, or of a variant that is not supported.");
        }
    }

    private static bool HasShape(GgufTensor tensor, Shape shape) =>
        tensor.Dimensions.Count == shape.Rank && Enumerable.Range(0, shape.Rank).All(axis => tensor.Dimensions[axis] == shape[axis]);
}
