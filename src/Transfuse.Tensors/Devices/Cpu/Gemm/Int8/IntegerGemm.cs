using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Int8;

/// <summary>
/// C = A·Wᵀ + addend for a quantised W that rests packed: rows of A are rounded to 8 bits in blocks of 32 depths, once, and meet every panel of W in all
/// depths, so that the output is written once. Traffic: A once, W's packed
/// bytes once for every block of rows, and the output once.
/// </summary>
internal static unsafe class IntegerGemm
{
    // Rows that pass by the panels of a task stay in the second-level cache.
    private const int RowBlockBytes = 384 * 1024;

    // Panels of a task: enough tasks that threads finish together, and not so few bytes that a claim costs more.
    private const int TasksPerWorker = 6;

    // Fewer rows are rounded by the caller: waking the other threads costs more.
    private const int SerialRows = 8;

    /// <summary>Floats of scratch memory: the rounded rows.</summary>
    internal static long ScratchFloats(int rows, int depth) => (long)Tiles(rows) * (depth / IntegerPanel.Depths) * IntegerPanel.RowBytes(TileRows(rows)) / sizeof(float);

    /// <summary>Computes a product whose dimensions are all positive.</summary>
    internal static void Run(in GemmArguments arguments, IntegerRows weight, IntegerCode code, WorkerPool workers, MemoryPool memory)
    {
        using var scratch = new ScratchMemory(memory, ScratchFloats(arguments.M, arguments.K));
        var rows = (byte*)scratch.Data;
        var round = new RoundBody(arguments, rows);
        if (arguments.M <= SerialRows)
        {
            round.Execute(0, 0);
        }
        else
        {
            workers.Run(Tiles(arguments.M), ref round);
        }

        var panels = Math.Max(1, weight.Panels / (TasksPerWorker * workers.WorkerCount));
        var multiply = new MultiplyBody(arguments, weight, code, rows, panels);
        workers.Run((weight.Panels + panels - 1) / panels, ref multiply);
    }

    private static int TileRows(int rows) => rows == 1 ? 1 : IntegerPanel.Rows;

    private static int Tiles(int rows) => (rows + IntegerPanel.Rows - 1) / IntegerPanel.Rows;

    private readonly struct RoundBody(GemmArguments arguments, byte* rows) : IParallelBody
    {
        public void Execute(int task, int worker)
        {
            var tile = TileRows(arguments.M);
            var blocks = arguments.K / IntegerPanel.Depths;
            var first = task * IntegerPanel.Rows;
            var panel = rows + ((nint)task * blocks * IntegerPanel.RowBytes(tile));
            for (var row = 0; row < tile; row++)
            {
                // Missing rows repeat the last one.
                var source = arguments.A.At(Math.Min(first + row, arguments.M - 1), 0);
                for (var block = 0; block < blocks; block++)
                {
                    RoundedBlock.Write(source + ((nint)block * IntegerPanel.Depths), panel + ((nint)block * IntegerPanel.RowBytes(tile)), row, tile);
                }
            }
        }
    }

    private readonly struct MultiplyBody(GemmArguments arguments, IntegerRows weight, IntegerCode code, byte* rows, int panels) : IParallelBody
    {
        public void Execute(int task, int worker)
        {
            var tile = TileRows(arguments.M);
            var tileBytes = (nint)weight.Blocks * IntegerPanel.RowBytes(tile);
            var tilesAtOnce = (int)Math.Max(1, RowBlockBytes / tileBytes);
            var end = Math.Min((task + 1) * panels, weight.Panels);
            for (var first = 0; first < Tiles(arguments.M); first += tilesAtOnce)
            {
                var tiles = Math.Min(tilesAtOnce, Tiles(arguments.M) - first);
                for (var panel = task * panels; panel < end; panel++)
                {
                    Multiply(first * IntegerPanel.Rows, tiles, rows + (first * tileBytes), tileBytes, panel);
                }
            }
        }

        private void Multiply(int row, int tiles, byte* a, nint tileBytes, int panel)
        {
            var column = panel * IntegerPanel.Columns;
            var vectors = weight.Vectors(panel);
            var rowsPerTile = TileRows(arguments.M);
            var columns = Math.Min(IntegerPanel.Columns, arguments.N - column);
            var whole = columns == vectors * IntegerPanel.Lanes ? Math.Min(tiles, (arguments.M - row) / rowsPerTile) : 0;
            if (whole > 0)
            {
                Call(TileAt(row, column, rowsPerTile * whole, columns), a, whole, panel, vectors);
            }

            for (var i = whole; i < tiles; i++)
            {
                var first = row + (i * rowsPerTile);
                MultiplyEdge(TileAt(first, column, Math.Min(rowsPerTile, arguments.M - first), columns), a + (i * tileBytes), panel, vectors);
            }
        }

        // A tile that fills no whole vectors or rows is computed whole beside the matrix.
        [SkipLocalsInit]
        private void MultiplyEdge(in GemmTile tile, byte* a, int panel, int vectors)
        {
            var room = stackalloc float[IntegerPanel.Rows * IntegerPanel.Columns];
            var width = vectors * IntegerPanel.Lanes;
            Call(new GemmTile(room, null, width, TileRows(arguments.M), width), a, 1, panel, vectors);
            tile.Take(room, width);
        }

        private void Call(in GemmTile tile, byte* a, int tiles, int panel, int vectors) => code.Multiply(
            TileRows(arguments.M) == 1, weight.HasMinima, vectors, new TileCall
            {
                Steps = weight.Blocks,
                A = a,
                B = weight.Panel(panel),
                Destination = tile.Destination,
                Addend = tile.Addend,
                StrideInBytes = tile.Stride * sizeof(float),
                Tiles = tiles,
            });

        private GemmTile TileAt(int row, int column, int rowCount, int columns)
        {
            var offset = ((nint)row * arguments.N) + column;
            return new GemmTile(
                arguments.Destination + offset, arguments.Addend == null ? null : arguments.Addend + offset, arguments.N, rowCount, columns);
        }
    }
}
