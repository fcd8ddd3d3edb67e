using Transfuse.Tensors;

namespace Transfuse.Models.Layers;

/// <summary>What every block of one forward pass needs besides its input.</summary>
/// <param name="Batch">Tokens, positions and segments.</param>
/// <param name="Cosines">Rotary cosines [positions, dimensions/2], or null without rotary positions.</param>
/// <param name="Sines">Rotary sines.</param>
/// <param name="Cache">Keys and values of earlier tokens, or null.</param>
internal sealed record ForwardContext(TokenBatch Batch, Tensor? Cosines, Tensor? Sines, KeyValueCache? Cache);
