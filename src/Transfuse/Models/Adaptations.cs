using Transfuse.Adapters;
using Transfuse.Tensors.Autograd;

namespace Transfuse.Models;

/// <summary>What the adapter on a model makes of its parameters: between the parameters and the layers that read them.</summary>
internal sealed class Adaptations
{
    private readonly Dictionary<Parameter, IReadOnlyList<LowRankUpdate>> _updates = [];

    /// <summary>The adapter, or null.</summary>
    internal LoraAdapter? Adapter { get; private set; }

    /// <summary>Lets layers read parameters with these updates of <paramref name="adapter"/>.</summary>
    internal void Set(LoraAdapter adapter, IEnumerable<(Parameter Parameter, IReadOnlyList<LowRankUpdate> Updates)> updates)
    {
        Clear();
        Adapter = adapter;
        foreach (var (parameter, own) in updates)
        {
            _updates.Add(parameter, own);
        }
    }

    /// <summary>Lets layers read all parameters as they are.</summary>
    internal void Clear()
    {
        Adapter = null;
        _updates.Clear();
    }

    /// <summary>The parameter itself, or what its updates make of it.</summary>
    internal Variable Of(Tape tape, Parameter parameter) =>
        _updates.TryGetValue(parameter, out var updates) ? tape.AdaptWeight(parameter, updates) : parameter;
}
