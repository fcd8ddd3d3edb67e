namespace Transfuse.Fusion;

/// <summary>
/// Decides what each source counts at a position; the fused distribution is P = Σ_s w_s·P_s. A new way to fuse is one class with this
/// one method. Implementations hold no mutable state and may be shared between threads.
/// </summary>
public interface IFusionFunction
{
    /// <summary>Writes the weights of the sources at a position.</summary>
    /// <param name="position">What the sources say and how good they are there.</param>
    /// <param name="weights">One per source; they come zeroed. To be written: at least 0, sum 1, 0 for a source that does not speak.</param>
    void Weigh(in FusionPosition position, Span<double> weights);
}
