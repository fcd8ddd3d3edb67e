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

    // Where the first element lies in the buffer; for rehearsals, whose buffers have no address until somebody looks at them.
    private readonly long _offset;

    private Tensor(NativeBuffer buffer, long offset, Shape shape)
    {
        buffer.AddUser();
        _buffer = buffer;
        _offset = offset;
        _data = buffer.IsCountedOnly ? null : (float*)buffer.Pointer + offset;
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

    /// <summary>Whether it belongs to a rehearsal: it counts as memory in use, and holds zeros.</summary>
    public bool IsRehearsed => _buffer is { IsCountedOnly: true };

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
            RequireElements();
            return _data != null ? _data : (float*)_buffer.Pointer + _offset;
        }
    }

    /// <summary>Takes memory for <paramref name="shape"/> from <paramref name="pool"/>. The content is undefined.</summary>
    public static Tensor Allocate(MemoryPool pool, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var buffer = pool.Rent(checked((nuint)shape.Length * sizeof(float)));
        return new Tensor(buffer, 0, shape);
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
            (rows, bytes) = (checked(rows + section.Rows), checked(bytes + StoredRows.SectionBytes(section, columns)));
        }

        var types = sections.ToArray();
        return AllocateResting(pool, new Shape(rows, columns), bytes, address => new StoredRows((byte*)address, columns, types));
    }

    /// <summary>Takes memory for a weight whose rows rest there, as <paramref name="rest"/> says of the address; it is 0 in a rehearsal.</summary>
    internal static Tensor AllocateResting(MemoryPool pool, Shape shape, long bytes, Func<nint, RestingRows> rest)
    {
        var buffer = pool.Rent(checked((nuint)bytes), isKept: true);
        return new Tensor(buffer, rest(buffer.IsCountedOnly ? 0 : (nint)buffer.Pointer), shape);
    }

    /// <summary>The bytes of one row of a weight that rests as stored.</summary>
    /// <exception cref="InvalidOperationException">The tensor does not rest as stored.</exception>
    public Span<byte> RestingRow(int row)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        CheckRow(row);
        RequireRows();
        var stored = Resting as StoredRows ?? throw new InvalidOperationException($"This tensor {Shape} holds {Resting?.TypeNames ?? "float32"} elements, not rows as a file stores them.");
        var (type, address) = stored.Locate(row);
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

        RequireRows();
        fixed (float* values = destination)
        {
            Resting.Widen(row, 0, Columns, values);
        }
    }

    /// <summary>The same elements once more. Shares memory; the caller disposes it.</summary>
    internal Tensor Share() => Resting is null ? new Tensor(Buffer(), _offset, Shape) : new Tensor(Buffer(), Resting, Shape);

    /// <summary>The same elements under another shape of the same length. Shares memory; the caller disposes the view.</summary>
    public Tensor Reshape(Shape shape)
    {
        if (shape.Length != Length)
        {
            throw new ShapeMismatchException("Reshape", Shape.ToString(), shape.ToString());
        }

        RequireElements();
        return new Tensor(Buffer(), _offset, shape);
    }

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> as a matrix. Shares memory; the caller disposes the view.</summary>
    public Tensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Rows, nameof(count));
        RequireElements();
        return new Tensor(Buffer(), _offset + ((long)start * Columns), new Shape(count, Columns));
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
        if (IsRehearsed)
        {
            return;
        }

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

        if (IsRehearsed)
        {
            return;
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

    private void RequireElements()
    {
        if (Resting is not null)
        {
            throw new InvalidOperationException(
                $"This weight {Shape} rests as {Resting.TypeNames} and has no float32 elements; it can be read row by row and multiplied with. Load the model widened to float32 for anything else.");
        }
    }

    // A rehearsed weight that rests has no rows to look at: its sections have no address.
    private void RequireRows()
    {
        if (IsRehearsed)
        {
            throw new InvalidOperationException($"This resting weight {Shape} belongs to a rehearsal and holds no rows.");
        }
    }

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
