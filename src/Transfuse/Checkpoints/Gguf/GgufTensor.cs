using Transfuse.Errors;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>A tensor of a GGUF file in the shape and order that it has in a Hugging Face folder.</summary>
internal sealed class GgufTensor
{
    private readonly GgufFile _file;
    private readonly GgufEntry _entry;
    private readonly RowOrder _order;
    private readonly double _factor;
    private readonly int[] _rows;

    /// <summary>Describes a tensor.</summary>
    /// <param name="file">Where it lies.</param>
    /// <param name="entry">Its description there.</param>
    /// <param name="name">Name in a Hugging Face file.</param>
    /// <param name="order">How its rows lie.</param>
    /// <param name="geometry">Sizes of the model.</param>
    /// <param name="factor">What the values of the file are multiplied with.</param>
    /// <exception cref="ModelFormatException">The tensor has not the rows that its order demands.</exception>
    internal GgufTensor(GgufFile file, GgufEntry entry, string name, RowOrder order, GgufGeometry geometry, double factor = 1)
    {
        _file = file;
        _entry = entry;
        _factor = factor;
        Name = name;
        // A vector's elements are rows; only matrices are transposed; only weights of norms are greater by 1.
        _order = order is RowOrder.Transposed && entry.Dimensions.Count == 1 ? RowOrder.Same : order;
        Dimensions = _order is RowOrder.Transposed ? [.. entry.Dimensions.Reverse()] : entry.Dimensions;
        var rows = entry.Dimensions.Count == 1 ? entry.ElementCount : entry.Rows;
        if (geometry.ExpectedRows(order) is { } expected && rows != expected)
        {
            throw new ModelFormatException(file.Path, $"tensor '{entry.Name}' has {rows} rows, expected {expected} for the heads that the keys name.");
        }

        if (rows > int.MaxValue || entry.Columns > int.MaxValue)
        {
            throw new ModelFormatException(file.Path, $"tensor '{entry.Name}' of shape {entry.ShapeText} is too large.");
        }

        _rows = geometry.ExpectedRows(order) is null ? [] : new int[rows];
        for (var row = 0; row < _rows.Length; row++)
        {
            _rows[geometry.HuggingFaceRow(order, row)] = row;
        }
    }

    /// <summary>Name in a Hugging Face file.</summary>
    internal string Name { get; }

    /// <summary>Sizes in a Hugging Face file, outermost first.</summary>
    internal IReadOnlyList<long> Dimensions { get; }

    /// <summary>Element type in the GGUF file.</summary>
    internal DType Type => _entry.Type;

    /// <summary>Whether every row has the bytes of a row of the file, so that it may be taken over as it is.</summary>
    internal bool KeepsRows => _order is not (RowOrder.Transposed or RowOrder.PlusOne) && _factor == 1 && Dimensions.Count > 1;

    /// <summary>Elements of a row; 1 for a vector.</summary>
    internal int Columns => Dimensions.Count == 1 ? 1 : (int)Dimensions[^1];

    /// <summary>Rows; a vector has one an element.</summary>
    internal int Rows => (int)(Dimensions.Count == 1 ? Dimensions[0] : _order is RowOrder.Transposed ? Dimensions[0] : _entry.Rows);

    /// <summary>Hands all values over in order, in pieces of whole rows.</summary>
    internal void Read(ReadPiece piece)
    {
        if (IsRearranged)
        {
            piece(0, Rearranged());
            return;
        }

        const int pieceElements = 1 << 18;
        var columns = Columns;
        var step = Math.Clamp(pieceElements / Math.Max(1, columns), 1, Math.Max(1, Rows));
        if (Dimensions.Count == 1)
        {
            // A quantised vector is cut at blocks.
            step = Rows;
        }

        var buffer = new float[Math.Max(step, 1) * columns];
        for (var first = 0; first < Rows; first += step)
        {
            var count = Math.Min(step, Rows - first);
            ReadRows(first, count, buffer);
            piece(first, buffer.AsSpan(0, count * columns));
        }
    }

    /// <summary>
    /// Begins to read all values in order. Each call takes whole rows, or, of a vector, whole blocks; a tensor that lies in the file in
    /// another order is read at once.
    /// </summary>
    internal TensorReader<float> Open()
    {
        if (IsRearranged)
        {
            var values = Rearranged();
            var next = 0;
            return destination =>
            {
                values.AsSpan(next, destination.Length).CopyTo(destination);
                next += destination.Length;
            };
        }

        var row = 0;
        return destination =>
        {
            var count = destination.Length / Columns;
            ReadRows(row, count, destination);
            row += count;
        };
    }

    /// <summary>The bytes of one row as they lie in the file.</summary>
    internal void ReadRowBytes(int row, Span<byte> destination)
    {
        var bytes = Type.ByteCount(Columns);
        _file.ReadBytes(_entry, (_rows.Length > 0 ? _rows[row] : row) * bytes, destination);
    }

    /// <summary>Receives rows from <paramref name="firstRow"/> on.</summary>
    internal delegate void ReadPiece(int firstRow, ReadOnlySpan<float> values);

    private bool IsRearranged => _order is RowOrder.Transposed || (_rows.Length > 0 && Dimensions.Count == 1);

    private void ReadRows(int first, int count, Span<float> buffer)
    {
        var columns = Columns;
        var values = buffer[..(count * columns)];
        if (_rows.Length == 0)
        {
            _file.ReadSingles(_entry, (long)first * columns, values);
        }
        else
        {
            for (var row = 0; row < count; row++)
            {
                _file.ReadSingles(_entry, (long)_rows[first + row] * columns, values.Slice(row * columns, columns));
            }
        }

        ToHuggingFace(values);
    }

    private void ToHuggingFace(Span<float> values)
    {
        var less = _order is RowOrder.PlusOne ? 1 : 0;
        if (_factor == 1 && less == 0)
        {
            return;
        }

        foreach (ref var value in values)
        {
            value = (float)((value / _factor) - less);
        }
    }

    /// <summary>All values, with rows and columns exchanged, or a vector's elements in order.</summary>
    private float[] Rearranged()
    {
        var values = _file.ReadSingles(_entry);
        ToHuggingFace(values);
        var result = new float[values.Length];
        if (_order is not RowOrder.Transposed)
        {
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = values[_rows[i]];
            }

            return result;
        }

        var (rows, columns) = (Rows, Columns);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                result[((long)row * columns) + column] = values[((long)column * rows) + row];
            }
        }

        return result;
    }
}
