using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>Keys and values of earlier and new tokens, as a cache holds them for attention.</summary>
/// <param name="Rows">Rows of both.</param>
/// <param name="Key">Where the keys lie.</param>
/// <param name="Value">Where the values lie.</param>
/// <param name="Segments">Which of them the new tokens see.</param>
internal readonly record struct CachedHeads(Variable Rows, HeadLayout Key, HeadLayout Value, AttentionSegment[] Segments);
