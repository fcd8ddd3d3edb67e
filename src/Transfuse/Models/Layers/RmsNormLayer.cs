using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Root mean square norm (Zhang and Sennrich 2019).</summary>
internal sealed class RmsNormLayer(Parameter weight, double epsilon) : NormLayer
{
    internal static RmsNormLayer Of(ParameterSet parameters, string name, double epsilon) => new(parameters[$"{name}.weight"], epsilon);

    internal override Variable Apply(Tape tape, Variable x) => tape.RmsNorm(x, weight, (float)epsilon);
}
