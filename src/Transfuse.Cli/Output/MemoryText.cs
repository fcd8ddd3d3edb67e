using System.Text.Json.Nodes;
using Transfuse.Training;

namespace Transfuse.Cli.Output;

/// <summary>Estimates of memory for programs.</summary>
internal static class MemoryText
{
    /// <summary>The parts and the peak, in bytes.</summary>
    internal static JsonObject ToJson(MemoryEstimate estimate) => new()
    {
        ["parameters"] = estimate.Parameters,
        ["gradients"] = estimate.Gradients,
        ["optimizer_states"] = estimate.OptimizerStates,
        ["working"] = estimate.Working,
        ["peak"] = estimate.Peak,
    };
}
