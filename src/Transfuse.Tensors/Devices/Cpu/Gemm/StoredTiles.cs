using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>Hands the output of a product that was stored after all to a reader of parts.</summary>
/// <param name="output">The output [rows, columns].</param>
/// <param name="rows">Its rows.</param>
/// <param name="columns">Its columns.</param>
/// <param name="partColumns">Columns of a part.</param>
/// <param name="reader">Who takes them.</param>
internal readonly unsafe struct StoredTiles<TReader>(float* output, int rows, int columns, int partColumns, TReader reader) : ITierBody
    where TReader : struct, ITileReader
{
    internal int TaskCount => GemmPlan.Parts(columns, partColumns);

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var first = task * partColumns;
        reader.Read<TVector>(new GemmTile(output + first, null, columns, rows, Math.Min(partColumns, columns - first)), 0, first, worker);
    }
}
