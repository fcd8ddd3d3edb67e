using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>y = x·Wᵀ + b, W as adapters make it.</summary>
internal sealed class LinearLayer(Parameter weight, Parameter? bias, Adaptations adaptations)
{
    /// <summary>The layer of the parameters <c>name.weight</c> and, where there is one, <c>name.bias</c>.</summary>
    internal static LinearLayer Of(ParameterSet parameters, string name) =>
        new(parameters[$"{name}.weight"], parameters.Find($"{name}.bias"), parameters.Adaptations);

    /// <summary>x [rows, in] to [rows, out], plus <paramref name="residual"/> [rows, out].</summary>
    internal Variable Apply(Tape tape, Variable x, Variable? residual = null) => tape.Linear(x, adaptations.Of(tape, weight), bias, residual);
}
