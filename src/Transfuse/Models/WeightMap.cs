using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>
/// Names and shapes of an architecture's weights as data: which parameters the model has, in order, and which file tensors each is made of.
/// Serves reading and writing alike.
/// </summary>
internal sealed class WeightMap
{
    private readonly List<WeightSpec> _specs = [];

    /// <param name="prefix">Prefix that files of the bare model, without head, leave out.</param>
    /// <param name="embedding">File tensor of the embedding.</param>
    /// <param name="head">File tensor of the head; absent from files with a tied one.</param>
    internal WeightMap(string prefix, string embedding, string head)
    {
        Prefix = prefix;
        EmbeddingName = embedding;
        HeadName = head;
    }

    internal string Prefix { get; }

    internal string EmbeddingName { get; }

    internal string HeadName { get; }

    /// <summary>File tensors that carry nothing: copies and leftovers.</summary>
    internal IReadOnlyList<string> IgnoredNames { get; private set; } = [];

    /// <summary>All parameters in the model's order.</summary>
    internal IReadOnlyList<WeightSpec> Specs => _specs;

    /// <summary>How matrices are packed once they are read; null where they are not.</summary>
    internal Func<WeightSpec, Tensor, Tensor?>? Packing(WeightPrecision precision, Device device) =>
        precision == WeightPrecision.Packed ? (spec, value) => Pack(spec, value, device) : null;

    /// <summary>Names file tensors that carry nothing.</summary>
    internal WeightMap Ignore(params string[] names)
    {
        IgnoredNames = names;
        return this;
    }

    /// <summary>The embedding, and the head unless it is tied.</summary>
    internal WeightMap Vocabulary(int size, int hidden, bool isTied)
    {
        Matrix(EmbeddingName, WeightRole.Embedding, hidden, [(EmbeddingName, size)]);
        return isTied ? this : Matrix(HeadName, WeightRole.Embedding, hidden, [(HeadName, size)]);
    }

    /// <summary>Learned positions.</summary>
    internal WeightMap Positions(string name, int rows, int hidden) => Matrix(name, WeightRole.Embedding, hidden, [(name, rows)]);

    /// <summary>A norm's weight and, if it has one, bias; <paramref name="name"/> without suffix, in the file as in the model.</summary>
    internal WeightMap Norm(string name, int size, bool hasBias, WeightRole role = WeightRole.NormWeight)
    {
        Vector($"{name}.weight", role, [($"{name}.weight", size)]);
        return hasBias ? Vector($"{name}.bias", WeightRole.Bias, [($"{name}.bias", size)]) : this;
    }

    /// <summary>A projection under one name in the file and in the model.</summary>
    internal WeightMap Linear(string name, int output, int input, bool hasBias, WeightRole role = WeightRole.Matrix) =>
        Linear(name, input, hasBias, role, [(name, output)]);

    /// <summary>A projection made of several in the file, one under the other; names without suffix.</summary>
    internal WeightMap Linear(string name, int input, bool hasBias, WeightRole role, params (string File, int Rows)[] parts)
    {
        return Linear(name, input, hasBias, role, isTransposed: false, parts);
    }

    /// <summary>A projection made of several in the file, whose matrices are [out, in] or, with <paramref name="isTransposed"/>, [in, out].</summary>
    internal WeightMap Linear(string name, int input, bool hasBias, WeightRole role, bool isTransposed, (string File, int Rows)[] parts)
    {
        Matrix($"{name}.weight", role, input, Array.ConvertAll(parts, part => ($"{part.File}.weight", part.Rows)), isTransposed);
        return hasBias ? Vector($"{name}.bias", WeightRole.Bias, Array.ConvertAll(parts, part => ($"{part.File}.bias", part.Rows))) : this;
    }

    /// <summary>
    /// A packed copy of a matrix to multiply with, or null if it stays as it is: tables are read row by row, and an embedding that is the head, too, must
    /// not lose bits.
    /// </summary>
    private Tensor? Pack(WeightSpec spec, Tensor value, Device device) => spec.Role switch
    {
        WeightRole.Matrix or WeightRole.ResidualMatrix => device.PackWeight(value, exact: false),
        WeightRole.Embedding when Is(spec, HeadName) => device.PackWeight(value, exact: false),
        WeightRole.Embedding when Is(spec, EmbeddingName) && !_specs.Exists(other => Is(other, HeadName)) => device.PackWeight(value, exact: true),
        _ => null,
    };

    private static bool Is(WeightSpec spec, string name) => spec.Name.Equals(name, StringComparison.Ordinal);

    private WeightMap Matrix(string name, WeightRole role, int columns, (string File, int Rows)[] parts, bool isTransposed = false)
    {
        _specs.Add(new WeightSpec(
            name, new Shape(parts.Sum(part => part.Rows), columns), role,
            Array.ConvertAll(parts, part => new WeightPart(
                part.File, isTransposed ? new Shape(columns, part.Rows) : new Shape(part.Rows, columns), isTransposed))));
        return this;
    }

    private WeightMap Vector(string name, WeightRole role, (string File, int Length)[] parts)
    {
        _specs.Add(new WeightSpec(
            name, new Shape(parts.Sum(part => part.Length)), role,
            Array.ConvertAll(parts, part => new WeightPart(part.File, new Shape(part.Length)))));
        return this;
    }
}
