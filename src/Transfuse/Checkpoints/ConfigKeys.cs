namespace Transfuse.Checkpoints;

/// <summary>What a <c>config.json</c> calls the values that every decoder-only architecture has; null where it has no key of its own.</summary>
internal sealed record ConfigKeys
{
    internal string HiddenSize { get; init; } = "hidden_size";

    internal string? IntermediateSize { get; init; } = "intermediate_size";

    internal string LayerCount { get; init; } = "num_hidden_layers";

    internal string HeadCount { get; init; } = "num_attention_heads";

    internal string MaxPositions { get; init; } = "max_position_embeddings";

    internal string? NormEpsilon { get; init; } = "rms_norm_eps";

    internal string? Activation { get; init; } = "hidden_act";

    internal string InitializerRange { get; init; } = "initializer_range";
}
