using Transfuse.Tensors.Autograd;

namespace Transfuse.Adapters;

/// <summary>What an adapter adds to one module of a model, and under which names its file has it.</summary>
/// <param name="Name">The module's name as in transformers.</param>
/// <param name="Update">The update of the model's parameter. Up and down are parameters, and so is the magnitude.</param>
/// <param name="IsEmbedding">
/// Whether the module looks rows up: then the file has A as [rank, vocabulary] and B as [hidden, rank], the transposes of up and down.
/// </param>
public sealed record LoraModule(string Name, LowRankUpdate Update, bool IsEmbedding)
{
    private const string Prefix = "base_model.model.";

    /// <summary>B, or for an embedding Aᵀ.</summary>
    public Parameter Up => (Parameter)Update.Up;

    /// <summary>A, or for an embedding Bᵀ.</summary>
    public Parameter Down => (Parameter)Update.Down;

    /// <summary>The length of each row, or null.</summary>
    public Parameter? Magnitude => (Parameter?)Update.Magnitude;

    /// <summary>Its parameters.</summary>
    public IEnumerable<Parameter> Parameters => Magnitude is null ? [Down, Up] : [Down, Up, Magnitude];

    /// <summary>Name in the file of the tensor that <see cref="Up"/> holds.</summary>
    internal static string UpName(string module, bool isEmbedding) => $"{Prefix}{module}.{(isEmbedding ? "lora_embedding_A" : "lora_B.weight")}";

    /// <summary>Name in the file of the tensor that <see cref="Down"/> holds.</summary>
    internal static string DownName(string module, bool isEmbedding) => $"{Prefix}{module}.{(isEmbedding ? "lora_embedding_B" : "lora_A.weight")}";

    /// <summary>Name in the file of the rows' lengths.</summary>
    internal static string MagnitudeName(string module) => $"{Prefix}{module}.lora_magnitude_vector";

    /// <summary>Name in the file of a tensor that is stored whole.</summary>
    internal static string WholeName(string tensor) => $"{Prefix}{tensor}";
}
