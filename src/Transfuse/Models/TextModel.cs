using Transfuse.Checkpoints;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>What models of text have in common, whether they are a decoder or an encoder with a decoder: a shape, parameters and a head.</summary>
/// <remarks>Owns its parameters. A forward pass on a tape may run while no other uses the same device.</remarks>
public abstract class TextModel : IDisposable
{
    /// <summary>The shape of the model, as <c>config.json</c> says it.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>Rows of the embedding; ids below it are valid.</summary>
    public virtual int VocabularySize => Config.VocabularySize;

    /// <summary>Every parameter once, in a stable order. A tied head is not listed twice.</summary>
    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The head's weight [vocabulary, hidden]; the embedding itself where it is tied. A few models have heads narrower than their hidden states.</summary>
    public abstract Parameter HeadWeight { get; }

    /// <summary>Scale and cap of the logits.</summary>
    public abstract HeadOptions HeadOptions { get; }

    /// <summary>Number of trainable values.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Value.Length);

    /// <summary>Releases all parameters.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases all parameters.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var parameter in Parameters)
            {
                parameter.Dispose();
            }
        }
    }
}
