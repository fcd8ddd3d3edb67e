using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Parallelism;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Int8;

/// <summary>
/// Rows of a quantised weight W that rest as the columns of x·Wᵀ, as <see cref="IntegerPanel"/> packs them: 9 bits an element, 10 with minima, whatever the
/// type had. Integer products read them as they lie, everything else gathers them.
/// </summary>
internal sealed unsafe class IntegerRows : RestingRows
{
    private readonly byte* _data;

    /// <summary>Describes rows at an address.</summary>
    /// <param name="data">First panel; stays the caller's. Null in a rehearsal.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Elements of a row, a multiple of 32.</param>
    /// <param name="hasMinima">Whether blocks have offsets.</param>
    internal IntegerRows(byte* data, int rows, int columns, bool hasMinima)
        : base(columns)
    {
        _data = data;
        RowCount = rows;
        HasMinima = hasMinima;
    }

    /// <inheritdoc/>
    internal override string TypeNames => "packed 8-bit";

    /// <summary>Number of rows.</summary>
    internal int RowCount { get; }

    /// <summary>Whether blocks have offsets.</summary>
    internal bool HasMinima { get; }

    /// <summary>Panels.</summary>
    internal int Panels => (RowCount + IntegerPanel.Columns - 1) / IntegerPanel.Columns;

    /// <summary>Blocks of a row.</summary>
    internal int Blocks => Columns / IntegerPanel.Depths;

    /// <summary>Bytes that all panels take.</summary>
    internal static long SizeInBytes(int rows, int columns, bool hasMinima) =>
        (long)((rows + IntegerPanel.Lanes - 1) / IntegerPanel.Lanes) * (columns / IntegerPanel.Depths) * IntegerPanel.VectorBytes(hasMinima);

    /// <summary>A panel; all before it are full.</summary>
    internal byte* Panel(int panel) => _data + ((long)panel * 2 * Blocks * IntegerPanel.VectorBytes(HasMinima));

    /// <summary>Vectors of 16 columns of a panel.</summary>
    internal int Vectors(int panel) => Math.Min((RowCount - (panel * IntegerPanel.Columns) + IntegerPanel.Lanes - 1) / IntegerPanel.Lanes, 2);

    /// <summary>Packs a weight.</summary>
    internal void Fill(StoredRows source, WorkerPool workers)
    {
        new Span<byte>(Panel(Panels - 1), Vectors(Panels - 1) * Blocks * IntegerPanel.VectorBytes(HasMinima)).Clear();
        var body = new FillBody(this, source);
        workers.Run(RowCount, ref body);
    }

    /// <inheritdoc/>
    internal override void Widen(int row, int start, int count, float* destination)
    {
        for (var i = 0; i < count; i++)
        {
            var (block, inBlock) = Math.DivRem(start + i, IntegerPanel.Depths);
            var column = Column(row, block);
            var (word, side) = Math.DivRem(inBlock, 4);
            var u = (byte)(column[word * IntegerPanel.Lanes] >> (8 * side));
            var scale = BitConverter.UInt32BitsToSingle(column[IntegerPanel.Words * IntegerPanel.Lanes]);
            destination[i] = HasMinima
                ? (scale * u) - BitConverter.UInt32BitsToSingle(column[(IntegerPanel.Words + 1) * IntegerPanel.Lanes])
                : scale * (u - IntegerPanel.Zero);
        }
    }

    // First word of a row's block; the next ones, scale and offset are a vector apart each.
    private uint* Column(int row, int block)
    {
        var (panel, column) = Math.DivRem(row, IntegerPanel.Columns);
        var (vector, lane) = Math.DivRem(column, IntegerPanel.Lanes);
        return (uint*)(Panel(panel) + ((long)((block * Vectors(panel)) + vector) * IntegerPanel.VectorBytes(HasMinima))) + lane;
    }

    private readonly struct FillBody(IntegerRows rows, StoredRows source) : IParallelBody
    {
        public void Execute(int task, int worker)
        {
            var values = stackalloc float[IntegerPanel.Depths];
            var (type, address) = source.Locate(task);
            for (var block = 0; block < rows.Blocks; block++)
            {
                source.Widen(task, block * IntegerPanel.Depths, IntegerPanel.Depths, values);
                var (scale, offset) = BlockScales.Of(type, (byte*)address, block, new ReadOnlySpan<float>(values, IntegerPanel.Depths));
                var column = rows.Column(task, block);
                for (var word = 0; word < IntegerPanel.Words; word++)
                {
                    column[word * IntegerPanel.Lanes] = Word(values + (word * 4), scale, offset);
                }

                column[IntegerPanel.Words * IntegerPanel.Lanes] = BitConverter.SingleToUInt32Bits(scale);
                if (rows.HasMinima)
                {
                    column[(IntegerPanel.Words + 1) * IntegerPanel.Lanes] = BitConverter.SingleToUInt32Bits(offset);
                }
            }
        }

        // The integers that the values were made of: (w + z)/s is within a hundredth of one.
        private static uint Word(float* values, float scale, float offset)
        {
            var word = 0u;
            for (var i = 0; i < 4; i++)
            {
                var u = scale == 0 ? IntegerPanel.Zero : (int)Math.Round((values[i] + (double)offset) / scale);
                word |= (uint)(byte)Math.Clamp(u, 0, 255) << (8 * i);
            }

            return word;
        }
    }
}
