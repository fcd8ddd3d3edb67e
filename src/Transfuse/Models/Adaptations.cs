using Transfuse.Tensors.Autograd;

namespace Transfuse.Models;

/// <summary>The updates of adapters on a model's parameters: between the parameters and the layers that read them.</summary>
internal sealed class Adaptations
{
    private readonly Dictionary<Parameter, IReadOnlyList<LowRankUpdate>> _updates = [];

    /// <summary>Lets layers read <paramref name="parameter"/> with these updates.</summary>
    internal void Set(Parameter parameter, IReadOnlyList<LowRankUpdate> updates) => _updates[parameter] = updates;

    /// <summary>Lets layers read all parameters as they are.</summary>
    internal void Clear() => _updates.Clear();

    /// <summary>The parameter itself, or what its updates make of it.</summary>
    internal Variable Of(Tape tape, Parameter parameter) =>
        _updates.TryGetValue(parameter, out var updates) ? tape.AdaptWeight(parameter, updates) : parameter;
}
