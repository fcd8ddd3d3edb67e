using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>Rows that rest as a file stores them, in sections of one type each.</summary>
internal sealed unsafe class StoredRows : RestingRows
{
    private const int LargestBlock = SuperBlocks.Elements;
    private readonly RestingSection[] _sections;
    private readonly byte*[] _starts;
    private readonly nint[] _rowBytes;

    /// <summary>Places sections one behind the other from <paramref name="data"/> on.</summary>
    internal StoredRows(byte* data, int columns, RestingSection[] sections)
        : base(columns)
    {
        _sections = sections;
        _starts = new byte*[sections.Length];
        _rowBytes = new nint[sections.Length];
        for (var i = 0; i < sections.Length; i++)
        {
            _starts[i] = data;
            _rowBytes[i] = (nint)sections[i].Type.ByteCount(columns);
            data += SectionBytes(sections[i], columns);
        }
    }

    /// <inheritdoc/>
    internal override string TypeNames => string.Join(" and ", _sections.Select(section => section.Type).Distinct());

    /// <summary>Bytes of a section, padded so that the next one begins on a cache line.</summary>
    internal static long SectionBytes(RestingSection section, int columns) => (section.Type.ByteCount(columns) * section.Rows + 63) & ~63L;

    /// <summary>Types of the sections.</summary>
    internal IEnumerable<DType> Types => _sections.Select(section => section.Type);

    /// <summary>Whether all rows are one matrix of bfloat16.</summary>
    internal bool IsBFloat16 => _sections is [{ Type: DType.BF16 }];

    /// <summary>Type and address of a row.</summary>
    internal (DType Type, nint Address) Locate(int row)
    {
        var section = 0;
        while (row >= _sections[section].Rows)
        {
            row -= _sections[section++].Rows;
        }

        return (_sections[section].Type, (nint)_starts[section] + (_rowBytes[section] * row));
    }

    /// <inheritdoc/>
    /// <remarks>The elements need not begin or end with a block.</remarks>
    [SkipLocalsInit]
    internal override void Widen(int row, int start, int count, float* destination)
    {
        var (type, address) = Locate(row);
        var (elements, bytes) = (type.BlockElements(), type.BlockBytes());
        var blocks = (byte*)address;
        var values = new Span<float>(destination, count);
        var block = stackalloc float[LargestBlock];
        if (start % elements is > 0 and var skipped)
        {
            BlockFormat.Widen(type, new ReadOnlySpan<byte>(blocks + ((long)(start / elements) * bytes), bytes), new Span<float>(block, elements));
            var taken = Math.Min(count, elements - skipped);
            new ReadOnlySpan<float>(block + skipped, taken).CopyTo(values);
            values = values[taken..];
            start += taken;
        }

        var whole = values.Length / elements * elements;
        var next = blocks + ((long)(start / elements) * bytes);
        BlockFormat.Widen(type, new ReadOnlySpan<byte>(next, whole / elements * bytes), values[..whole]);
        if (whole < values.Length)
        {
            BlockFormat.Widen(type, new ReadOnlySpan<byte>(next + ((long)(whole / elements) * bytes), bytes), new Span<float>(block, elements));
            new ReadOnlySpan<float>(block, values.Length - whole).CopyTo(values[whole..]);
        }
    }
}
