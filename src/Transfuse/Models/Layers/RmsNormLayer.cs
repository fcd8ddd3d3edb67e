using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Root mean square norm (Zhang and Sennrich 2019), with weight w + offset.</summary>
internal sealed class RmsNormLayer(Parameter weight, double epsilon, float offset) : NormLayer
{
    internal static RmsNormLayer Of(ParameterSet parameters, string name, double epsilon, float offset = 0) =>
        new(parameters[$"{name}.weight"], epsilon, offset);

    internal override Variable Apply(Tape tape, Variable x) => tape.RmsNorm(x, weight, (float)epsilon, offset);
}
