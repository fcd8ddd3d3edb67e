using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors;

/// <summary>
/// A dense row-major array of float32 in native memory. It owns its memory, or shares it with the tensor it is a view of;
/// the memory goes back to the pool when the last of them is disposed. A frozen weight may also <em>rest</em> in another type: it has no
/// float32 elements to point at, and the kernels that take such weights widen its rows as they read them.
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

    private Tensor(NativeBuffer buffer, RestingRows resting, Shape shape)
    {
        buffer.AddUser();
        _buffer = buffer;
        Resting = resting;
        Shape = shape;
    }

    /// <summary>The dimensions, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>Whether it rests in another type than float32: only <see cref="WidenRow"/>, <see cref="RestingRow"/> and the kernels that say so take it.</summary>
    public bool IsResting => Resting is not null;

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
    /// <exception cref="InvalidOperationException">The tensor rests in another type.</exception>
    internal float* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer is null, this);
            if (Resting is not null)
            {
                throw new InvalidOperationException(
                    $"This weight {Shape} rests as {Resting.TypeNames} and has no float32 elements; it can be read row by row and multiplied with. Load the model widened to float32 for anything else.");
            }

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

    /// <summary>Takes memory for a matrix whose rows rest in other types. The content is undefined.</summary>
    /// <param name="pool">Where from.</param>
    /// <param name="columns">Elements of a row, a whole number of every type's blocks.</param>
    /// <param name="sections">Types of the rows, from the first on.</param>
    public static Tensor AllocateResting(MemoryPool pool, int columns, params ReadOnlySpan<RestingSection> sections)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        var (rows, bytes) = (0, 0L);
        foreach (var section in sections)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(section.Rows, nameof(sections));
            (rows, bytes) = (checked(rows + section.Rows), checked(bytes + RestingRows.SectionBytes(section, columns)));
        }

        var buffer = pool.Rent((nuint)bytes);
        return new Tensor(buffer, new RestingRows((byte*)buffer.Pointer, columns, sections.ToArray()), new Shape(rows, columns));
    }

    /// <summary>The bytes of one row of a resting weight.</summary>
    /// <exception cref="InvalidOperationException">The tensor does not rest.</exception>
    public Span<byte> RestingRow(int row)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        CheckRow(row);
        var (type, address) = (Resting ?? throw new InvalidOperationException($"This tensor {Shape} holds float32 elements and does not rest.")).Locate(row);
        return new((void*)address, checked((int)type.ByteCount(Columns)));
    }

    /// <summary>The float32 values of one row, whether it rests or not.</summary>
    /// <param name="row">Which.</param>
    /// <param name="destination">As long as a row.</param>
    public void WidenRow(int row, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        CheckRow(row);
        if (destination.Length != Columns)
        {
            throw new ShapeMismatchException("WidenRow", $"[{destination.Length}]", $"[{Columns}]");
        }

        if (Resting is null)
        {
            Row(row).CopyTo(destination);
            return;
        }

        fixed (float* values = destination)
        {
            Resting.Widen(row, 0, Columns, values);
        }
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
        CheckRow(row);
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

    /// <summary>Rows that rest, or null.</summary>
    internal RestingRows? Resting { get; }

    private void CheckRow(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
    }

    private NativeBuffer Buffer()
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        return _buffer;
    }
}
