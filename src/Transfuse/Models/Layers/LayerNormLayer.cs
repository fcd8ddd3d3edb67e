using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Layer norm (Ba et al. 2016), with or without bias.</summary>
internal sealed class LayerNormLayer(Parameter weight, Parameter? bias, double epsilon) : NormLayer
{
    internal static LayerNormLayer Of(ParameterSet parameters, string name, double epsilon) =>
        new(parameters[$"{name}.weight"], parameters.Find($"{name}.bias"), epsilon);

    internal override Variable Apply(Tape tape, Variable x) => tape.LayerNorm(x, weight, bias, (float)epsilon);
}
