using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors;

/// <summary>
/// A dense row-major array of float32 in native memory. It owns its memory, or shares it with the tensor it is a view of;
/// the memory goes back to the pool when the last of them is disposed.
/// </summary>
/// <remarks>Not thread safe; kernels split the work on one tensor among threads themselves.</remarks>
public sealed unsafe class Tensor : IDisposable
{
    private NativeBuffer? _buffer;
    private readonly float* _data;

    private Tensor(NativeBuffer buffer, float* data, Shape shape)
    {
        buffer.AddUser();
        _buffer = buffer;
        _data = data;
        Shape = shape;
    }

    /// <summary>The dimensions, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Length => Shape.Length;

    /// <summary>Rows when all but the innermost dimension are flattened.</summary>
    public int Rows => Shape.Rows;

    /// <summary>Size of the innermost dimension.</summary>
    public int Columns => Shape.Columns;

    /// <summary>True after <see cref="Dispose"/>.</summary>
    public bool IsDisposed => _buffer is null;

    /// <summary>Address of the first element; valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    internal float* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer is null, this);
            return _data;
        }
    }

    /// <summary>Takes memory for <paramref name="shape"/> from <paramref name="pool"/>. The content is undefined.</summary>
    public static Tensor Allocate(MemoryPool pool, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var buffer = pool.Rent(checked((nuint)shape.Length * sizeof(float)));
        return new Tensor(buffer, (float*)buffer.Pointer, shape);
    }

    /// <summary>The same elements under another shape of the same length. Shares memory; the caller disposes the view.</summary>
    public Tensor Reshape(Shape shape)
    {
        if (shape.Length != Length)
        {
            throw new ShapeMismatchException("Reshape", Shape.ToString(), shape.ToString());
        }

        return new Tensor(Buffer(), Data, shape);
    }

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> as a matrix. Shares memory; the caller disposes the view.</summary>
    public Tensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Rows, nameof(count));
        return new Tensor(Buffer(), Data + ((long)start * Columns), new Shape(count, Columns));
    }

    /// <summary>All elements as one span.</summary>
    /// <exception cref="OverflowException">More than 2³¹ elements: use <see cref="Row"/>.</exception>
    public Span<float> AsSpan() => new(Data, checked((int)Length));

    /// <summary>One row of the flattened matrix.</summary>
    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return new(Data + ((long)row * Columns), Columns);
    }

    /// <summary>Sets every element.</summary>
    public void Fill(float value)
    {
        for (var row = 0; row < Rows; row++)
        {
            Row(row).Fill(value);
        }
    }

    /// <summary>Copies all elements of a tensor of the same length.</summary>
    public void CopyFrom(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Length != Length)
        {
            throw new ShapeMismatchException("CopyFrom", source.Shape.ToString(), Shape.ToString());
        }

        var bytes = Length * sizeof(float);
        System.Buffer.MemoryCopy(source.Data, Data, bytes, bytes);
    }

    /// <summary>Lets go of the memory. Disposing twice is harmless.</summary>
    public void Dispose()
    {
        _buffer?.Release();
        _buffer = null;
    }

    private NativeBuffer Buffer()
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        return _buffer;
    }
}
