using Transfuse.Tensors.Errors;
using Transfuse.Training;

namespace Transfuse.Pipeline;

/// <summary>Refuses stages that cannot fit, before they have cost any time.</summary>
internal static class MemoryLimit
{
    /// <summary>Checks one stage.</summary>
    /// <exception cref="ResourceLimitException">It takes more than there is.</exception>
    internal static void Require(string stage, MemoryEstimate estimate, long limitInBytes)
    {
        if (estimate.Peak > limitInBytes)
        {
            throw new ResourceLimitException(estimate.Peak, limitInBytes, $"The stage '{stage}'");
        }
    }
}
