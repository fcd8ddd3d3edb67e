using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Queries, keys and values of a batch, in one variable or in three, and where their heads lie.</summary>
internal readonly record struct ProjectedHeads(Variable Query, Variable Key, Variable Value, ProjectionLayout Layout);
