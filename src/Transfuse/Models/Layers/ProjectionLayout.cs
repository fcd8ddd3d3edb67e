using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Layers;

/// <summary>Where queries, keys and values lie in a row of what a projection gives.</summary>
internal readonly record struct ProjectionLayout(HeadLayout Query, HeadLayout Key, HeadLayout Value)
{
    /// <summary>All queries, then all keys, then all values.</summary>
    internal static ProjectionLayout Stacked(int heads, int keyValueHeads, int size) => new(
        new HeadLayout(0, size), new HeadLayout(heads * size, size), new HeadLayout((heads + keyValueHeads) * size, size));

    /// <summary>Each in a matrix of its own.</summary>
    internal static ProjectionLayout Separate(int size) => new(new HeadLayout(0, size), new HeadLayout(0, size), new HeadLayout(0, size));

    /// <summary>Query, key and value of head 0, then those of head 1, … (GPT-NeoX).</summary>
    internal static ProjectionLayout Interleaved(int size) => new(
        new HeadLayout(0, 3 * size), new HeadLayout(size, 3 * size), new HeadLayout(2 * size, 3 * size));
}
