using Transfuse.Tensors;

namespace Transfuse.Models;

/// <summary>A tensor of the checkpoint file that makes up a parameter, or some rows of a fused one.</summary>
/// <param name="FileName">Its name in the file.</param>
/// <param name="Shape">Its shape in the file.</param>
internal sealed record WeightPart(string FileName, Shape Shape);
