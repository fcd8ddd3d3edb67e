namespace Transfuse.Training;

/// <summary>
/// Bytes of the device's memory that work with a model takes. What the runtime, the tokenizer and texts take on the managed heap comes on
/// top, usually about a tenth of a gigabyte.
/// </summary>
/// <param name="Parameters">Weights, in the type they rest in, with their tables of positions.</param>
/// <param name="Gradients">Gradients of what is trained; they live from a backward pass to the next step.</param>
/// <param name="OptimizerStates">The optimiser's moments, and the best weights where training keeps them.</param>
/// <param name="Working">What activations, caches and scratch memory add at the worst moment: gradients come where activations were, so less than all of them.</param>
/// <param name="Peak">All at the worst moment as taken from the system: kept blocks and what lies idle between them are included.</param>
public sealed record MemoryEstimate(long Parameters, long Gradients, long OptimizerStates, long Working, long Peak)
{
    /// <summary>Nothing.</summary>
    public static MemoryEstimate None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>The larger of two by <see cref="Peak"/>: what a stage needs that does one after the other.</summary>
    public static MemoryEstimate Larger(MemoryEstimate a, MemoryEstimate b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.Peak >= b.Peak ? a : b;
    }
}
