using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>A decoder-only language model: token ids in, hidden states out, and the head that turns those into logits.</summary>
/// <remarks>Owns its parameters. A forward pass on a tape may run while no other uses the same device.</remarks>
public abstract class LanguageModel : IDisposable
{
    /// <summary>The field's name for the architecture, as in <c>config.json</c>: <c>llama</c>, <c>gpt_neox</c>, <c>mpt</c>.</summary>
    public abstract string ModelType { get; }

    /// <summary>Rows of the embedding; ids below it are valid.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Most positions the model was made for.</summary>
    public abstract int MaxPositions { get; }

    /// <summary>Every parameter once, in a stable order. A tied head is not listed twice.</summary>
    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The head's weight [vocabulary, hidden]; the embedding itself where it is tied.</summary>
    public abstract Parameter HeadWeight { get; }

    /// <summary>Scale and cap of the logits.</summary>
    public abstract HeadOptions HeadOptions { get; }

    /// <summary>Number of trainable values.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Value.Length);

    /// <summary>Hidden states after the last norm, [tokens, hidden]; the logits are hidden·HeadWeightᵀ under <see cref="HeadOptions"/>.</summary>
    public abstract Variable Forward(Tape tape, TokenBatch batch);

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
