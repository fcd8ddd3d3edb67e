using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Devices.Cpu.Gemm;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Rows whose losses are computed together, and what is kept of their logits, which are nowhere stored themselves.</summary>
internal readonly unsafe struct CrossEntropyChunk<TGradient>
    where TGradient : struct, IOperand
{
    /// <summary>Labels, teacher, and where losses go.</summary>
    internal required CrossEntropyRows Rows { get; init; }

    /// <summary>Row number of each row of the chunk.</summary>
    internal required int* Order { get; init; }

    /// <summary>Rows of the chunk.</summary>
    internal required int Count { get; init; }

    /// <summary>Size of the vocabulary.</summary>
    internal required int Vocabulary { get; init; }

    /// <summary>Scale and cap of the logits.</summary>
    internal required HeadOptions Options { get; init; }

    /// <summary>Logits of a part.</summary>
    internal required int PartColumns { get; init; }

    /// <summary>The parts of each row [Count, PartCount].</summary>
    internal LogitPart* Parts { get; private init; }

    /// <summary>Logits of each row's teacher, in the order of its ids, and of its label, the last [Count, Slots].</summary>
    internal float* Kept { get; private init; }

    /// <summary>The ids whose logits are kept, ascending, as id·2³² + slot [Count, Slots]; unused ones are behind them and larger.</summary>
    internal long* Ids { get; private init; }

    /// <summary>Whether the gradient of the logits is wanted.</summary>
    internal required bool WantsGradient { get; init; }

    /// <summary>Gradient of the logits [Count, Vocabulary]; before the row's sum is known, exp(z − maximum of the part)·slope(z).</summary>
    internal required TGradient Gradient { get; init; }

    /// <summary>Parts of a row.</summary>
    internal int PartCount => GemmPlan.Parts(Vocabulary, PartColumns);

    /// <summary>Kept logits of a row: as many as the most entries a teacher has, and the label's.</summary>
    internal int Slots => Rows.MaximumEntries + 1;

    /// <summary>Floats that a row takes beside its parts and its gradient.</summary>
    internal static int RowFloats(int slots) => 3 * slots;

    /// <summary>The chunk with its parts, ids and kept logits in a room for them.</summary>
    internal CrossEntropyChunk<TGradient> In(float* room)
    {
        var ids = room + (2L * Count * PartCount);
        return this with { Parts = (LogitPart*)room, Ids = (long*)ids, Kept = ids + (2L * Count * Slots) };
    }
}
