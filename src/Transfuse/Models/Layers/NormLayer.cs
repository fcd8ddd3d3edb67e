using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>A norm over the columns of [rows, hidden].</summary>
internal abstract class NormLayer
{
    internal abstract Variable Apply(Tape tape, Variable x);
}
