using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>A model's parameters in their stable order, and by name.</summary>
internal sealed class ParameterSet : IDisposable
{
    private readonly List<Parameter> _parameters = [];
    private readonly Dictionary<string, Parameter> _byName = new(StringComparer.Ordinal);

    internal IReadOnlyList<Parameter> All => _parameters;

    /// <summary>What adapters make of them.</summary>
    internal Adaptations Adaptations { get; } = new();

    /// <summary>The parameter of a name that the architecture's weight map lists.</summary>
    internal Parameter this[string name] => _byName[name];

    internal Parameter? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Allocates every parameter of <paramref name="map"/> and has it filled; if that fails, none is left over.</summary>
    internal static ParameterSet Create(WeightMap map, Device device, Action<WeightSpec, Tensor> fill) =>
        Create(map, spec => device.Allocate(spec.Shape), fill);

    /// <summary>Makes every parameter of <paramref name="map"/> in a tensor of the caller's choice and has it filled; if that fails, none is left over.</summary>
    internal static ParameterSet Create(WeightMap map, Func<WeightSpec, Tensor> allocate, Action<WeightSpec, Tensor> fill)
    {
        var parameters = new ParameterSet();
        try
        {
            foreach (var spec in map.Specs)
            {
                var parameter = new Parameter(spec.Name, allocate(spec))
                {
                    Decays = spec.Decays,
                    RowBlocks = spec.Parts.Count > 1 ? [.. spec.Parts.Select(part => part.Rows)] : [],
                };
                parameters.Add(parameter);
                if (!parameter.Value.IsRehearsed)
                {
                    fill(spec, parameter.Value);
                }
            }

            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    private void Add(Parameter parameter)
    {
        _byName.Add(parameter.Name, parameter);
        _parameters.Add(parameter);
    }

    public void Dispose()
    {
        foreach (var parameter in _parameters)
        {
            parameter.Dispose();
        }
    }
}
