using Transfuse.Models;

namespace Transfuse.Training;

/// <summary>A copy of the weights at the best validation so far; empty before the first.</summary>
internal sealed class BestWeights : IDisposable
{
    private readonly LanguageModel _model;
    private readonly Dictionary<string, float[]> _copies = new(StringComparer.Ordinal);

    internal BestWeights(LanguageModel model)
    {
        _model = model;
    }

    /// <summary>The kept values by parameter name.</summary>
    internal IReadOnlyDictionary<string, float[]> Copies => _copies;

    /// <summary>Copies the model's present weights.</summary>
    internal void Keep()
    {
        foreach (var parameter in _model.TrainedParameters)
        {
            if (!_copies.TryGetValue(parameter.Name, out var copy))
            {
                _copies[parameter.Name] = copy = new float[parameter.Value.Length];
            }

            parameter.Value.AsSpan().CopyTo(copy);
        }
    }

    /// <summary>Takes values read from a checkpoint as the kept ones.</summary>
    internal void Set(string name, float[] values) => _copies[name] = values;

    /// <summary>Puts the kept weights back into the model, if there are any.</summary>
    internal void Restore()
    {
        foreach (var parameter in _model.TrainedParameters)
        {
            if (_copies.TryGetValue(parameter.Name, out var copy))
            {
                copy.CopyTo(parameter.Value.AsSpan());
            }
        }
    }

    public void Dispose() => _copies.Clear();
}
