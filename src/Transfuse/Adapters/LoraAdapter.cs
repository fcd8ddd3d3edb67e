using Transfuse.Tensors.Autograd;

namespace Transfuse.Adapters;

/// <summary>An adapter on a model: its low-rank updates, and the model's own parameters that it trains whole. Owns the former.</summary>
public sealed class LoraAdapter : IDisposable
{
    internal LoraAdapter(LoraConfig config, IReadOnlyList<LoraModule> modules, IReadOnlyList<Parameter> savedParameters)
    {
        Config = config;
        Modules = modules;
        SavedParameters = savedParameters;
        Parameters = [.. modules.SelectMany(module => module.Parameters), .. savedParameters];
    }

    /// <summary>Which modules, and how strongly.</summary>
    public LoraConfig Config { get; }

    /// <summary>The updates.</summary>
    public IReadOnlyList<LoraModule> Modules { get; }

    /// <summary>Parameters of the model that are trained and stored whole; they are the model's.</summary>
    public IReadOnlyList<Parameter> SavedParameters { get; }

    /// <summary>Everything that is trained: what to give to an optimizer.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Number of trainable values.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Value.Length);

    /// <summary>Releases the updates. Take the adapter off its model, or dispose the model, before.</summary>
    public void Dispose()
    {
        foreach (var parameter in Modules.SelectMany(module => module.Parameters))
        {
            parameter.Dispose();
        }
    }
}
