using Transfuse.Context;

namespace Transfuse.Models.Layers;

/// <summary>What every block of one forward pass needs besides its input.</summary>
/// <param name="Batch">Tokens, positions and segments.</param>
/// <param name="Rotations">For each kind of rotary positions of the model its rows of this batch.</param>
/// <param name="Cache">Keys and values of earlier tokens, or null.</param>
internal sealed record ForwardContext(TokenBatch Batch, IReadOnlyList<RopeRows> Rotations, KeyValueCache? Cache);
