using Transfuse.Context;

namespace Transfuse.Models.Layers;

/// <summary>How one forward pass rotates.</summary>
/// <param name="Tokens">Rows of the batch's tokens.</param>
/// <param name="CachedKeys">
/// Rows of all keys of the cache, where the cache holds keys that are not rotated, because their rotation changes with the length; else null.
/// </param>
internal sealed record Rotation(RopeRows Tokens, RopeRows? CachedKeys);
