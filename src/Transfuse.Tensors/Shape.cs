using System.Globalization;

namespace Transfuse.Tensors;

/// <summary>The dimensions of a tensor, one to four of them, outermost first. A value type; never allocates.</summary>
public readonly record struct Shape
{
    private readonly int _d0, _d1, _d2, _d3;

    /// <summary>A vector <c>[d0]</c>.</summary>
    public Shape(int d0)
        : this(1, d0, 1, 1, 1)
    {
    }

    /// <summary>A matrix <c>[d0, d1]</c>.</summary>
    public Shape(int d0, int d1)
        : this(2, d0, d1, 1, 1)
    {
    }

    /// <summary>A shape <c>[d0, d1, d2]</c>.</summary>
    public Shape(int d0, int d1, int d2)
        : this(3, d0, d1, d2, 1)
    {
    }

    /// <summary>A shape <c>[d0, d1, d2, d3]</c>.</summary>
    public Shape(int d0, int d1, int d2, int d3)
        : this(4, d0, d1, d2, d3)
    {
    }

    private Shape(int rank, int d0, int d1, int d2, int d3)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(d0);
        ArgumentOutOfRangeException.ThrowIfNegative(d1);
        ArgumentOutOfRangeException.ThrowIfNegative(d2);
        ArgumentOutOfRangeException.ThrowIfNegative(d3);
        Rank = rank;
        (_d0, _d1, _d2, _d3) = (d0, d1, d2, d3);
    }

    /// <summary>Number of dimensions, 1 to 4.</summary>
    public int Rank { get; }

    /// <summary>Number of elements.</summary>
    /// <exception cref="OverflowException">The product does not fit 64 bits.</exception>
    public long Length => checked((long)_d0 * _d1 * _d2 * _d3);

    /// <summary>Size of the innermost dimension.</summary>
    public int Columns => this[Rank - 1];

    /// <summary>Number of rows when all but the innermost dimension are flattened.</summary>
    public int Rows => Columns == 0 ? 0 : checked((int)(Length / Columns));

    /// <summary>Size of dimension <paramref name="axis"/>.</summary>
    public int this[int axis]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(axis);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(axis, Rank);
            return axis switch { 0 => _d0, 1 => _d1, 2 => _d2, _ => _d3 };
        }
    }

    /// <summary>A shape from a list of one to four dimensions.</summary>
    public static Shape FromDimensions(ReadOnlySpan<int> dimensions) => dimensions.Length switch
    {
        0 => new Shape(1),
        1 => new Shape(dimensions[0]),
        2 => new Shape(dimensions[0], dimensions[1]),
        3 => new Shape(dimensions[0], dimensions[1], dimensions[2]),
        4 => new Shape(dimensions[0], dimensions[1], dimensions[2], dimensions[3]),
        _ => throw new ArgumentException($"A tensor has one to four dimensions, got {dimensions.Length}.", nameof(dimensions)),
    };

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder("[");
        for (var axis = 0; axis < Rank; axis++)
        {
            text.Append(axis == 0 ? "" : ", ").Append(this[axis].ToString(CultureInfo.InvariantCulture));
        }

        return text.Append(']').ToString();
    }
}
