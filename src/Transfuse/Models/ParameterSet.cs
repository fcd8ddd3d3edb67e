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
    /// <param name="map">The parameters.</param>
    /// <param name="allocate">Makes a tensor.</param>
    /// <param name="fill">Fills it.</param>
    /// <param name="pack">A packed copy of a matrix to keep in its place, or null to keep it as it is.</param>
    internal static ParameterSet Create(
        WeightMap map, Func<WeightSpec, Tensor> allocate, Action<WeightSpec, Tensor> fill, Func<WeightSpec, Tensor, Tensor?>? pack = null)
    {
        var parameters = new ParameterSet();
        try
        {
            foreach (var spec in map.Specs)
            {
                parameters.Add(new Parameter(spec.Name, Make(spec, allocate, fill, pack))
                {
                    Decays = spec.Decays,
                    RowBlocks = spec.Parts.Count > 1 ? [.. spec.Parts.Select(part => part.Rows)] : [],
                });
            }

            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    private static Tensor Make(WeightSpec spec, Func<WeightSpec, Tensor> allocate, Action<WeightSpec, Tensor> fill, Func<WeightSpec, Tensor, Tensor?>? pack)
    {
        var value = allocate(spec);
        try
        {
            if (!value.IsRehearsed)
            {
                fill(spec, value);
            }

            if (pack?.Invoke(spec, value) is not { } packed)
            {
                return value;
            }

            value.Dispose();
            return packed;
        }
        catch
        {
            value.Dispose();
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
