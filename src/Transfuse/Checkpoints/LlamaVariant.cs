namespace Transfuse.Checkpoints;

/// <summary>
/// What sets the members of the Llama family apart beyond the values of their keys: RMS norms, rotary positions, grouped heads and a gated
/// feed-forward part they have in common.
/// </summary>
public sealed record LlamaVariant
{
    private LlamaVariant(string modelType, string architectureName)
    {
        ModelType = modelType;
        ArchitectureName = architectureName;
    }

    /// <summary>Llama 1 to 3 (Touvron et al. 2023), OpenLLaMA, TinyLlama, SmolLM2, CodeLlama.</summary>
    public static LlamaVariant Llama { get; } = new("llama", "LlamaForCausalLM") { HasAttentionBiasKey = true, HasMlpBiasKey = true };

    /// <summary>Mistral (Jiang et al. 2023): a window in every layer.</summary>
    public static LlamaVariant Mistral { get; } = new("mistral", "MistralForCausalLM") { Windows = WindowPlacement.Everywhere };

    /// <summary>Qwen 2 and 2.5 (Yang et al. 2024): biases on queries, keys and values.</summary>
    public static LlamaVariant Qwen2 { get; } = new("qwen2", "Qwen2ForCausalLM") { BiasesQueryKeyValue = true, Windows = WindowPlacement.OnRequest };

    /// <summary>Qwen 3 (Yang et al. 2025): a norm on every head of queries and keys.</summary>
    public static LlamaVariant Qwen3 { get; } = new("qwen3", "Qwen3ForCausalLM")
    {
        HasAttentionBiasKey = true,
        QueryKeyNorm = QueryKeyNorm.EachHead,
        Windows = WindowPlacement.OnRequest,
    };

    /// <summary>Phi-3 (Abdin et al. 2024): projections that lie fused in the file.</summary>
    public static LlamaVariant Phi3 { get; } = new("phi3", "Phi3ForCausalLM") { FusesInFile = true, Windows = WindowPlacement.Everywhere };

    /// <summary>OLMo 2 (2025): norms on what attention and feed-forward part give instead of what they take, and on queries and keys.</summary>
    public static LlamaVariant Olmo2 { get; } = new("olmo2", "Olmo2ForCausalLM")
    {
        HasAttentionBiasKey = true,
        Norms = NormPlacement.After,
        QueryKeyNorm = QueryKeyNorm.AllHeads,
    };

    /// <summary>SmolLM 3 (2025): some layers without positions.</summary>
    public static LlamaVariant SmolLm3 { get; } = new("smollm3", "SmolLM3ForCausalLM")
    {
        HasAttentionBiasKey = true,
        HasMlpBiasKey = true,
        OmitsRope = true,
        Windows = WindowPlacement.OnRequest,
    };

    /// <summary>Granite 3 (IBM 2024): factors on embedding, residuals, scores and logits.</summary>
    public static LlamaVariant Granite { get; } = new("granite", "GraniteForCausalLM")
    {
        HasAttentionBiasKey = true,
        HasMlpBiasKey = true,
        HasMultipliers = true,
    };

    /// <summary>Gemma (2024): embeddings scaled by √hidden, norms with weight 1 + w.</summary>
    public static LlamaVariant Gemma { get; } = new("gemma", "GemmaForCausalLM") { HasAttentionBiasKey = true, IsGemma = true };

    /// <summary>Gemma 2 (2024): norms on both sides, soft caps, a window in every second layer.</summary>
    public static LlamaVariant Gemma2 { get; } = new("gemma2", "Gemma2ForCausalLM")
    {
        HasAttentionBiasKey = true,
        IsGemma = true,
        HasSoftCaps = true,
        Norms = NormPlacement.Both,
        Windows = WindowPlacement.Pattern,
    };

    /// <summary>The text part of Gemma 3 (2025): as Gemma 2, with norms on queries and keys and a base of rotation of its own for layers with a window.</summary>
    public static LlamaVariant Gemma3 { get; } = new("gemma3_text", "Gemma3ForCausalLM")
    {
        HasAttentionBiasKey = true,
        IsGemma = true,
        HasSoftCaps = true,
        Norms = NormPlacement.Both,
        QueryKeyNorm = QueryKeyNorm.EachHead,
        Windows = WindowPlacement.Pattern,
        HasLocalRope = true,
    };

    /// <summary>All members.</summary>
    public static IReadOnlyList<LlamaVariant> All { get; } =
        [Llama, Mistral, Qwen2, Qwen3, Phi3, Olmo2, SmolLm3, Granite, Gemma, Gemma2, Gemma3];

    /// <summary>The value of <c>model_type</c>.</summary>
    public string ModelType { get; }

    /// <summary>The class in transformers that loads it.</summary>
    public string ArchitectureName { get; }

    /// <summary>Where the norms of a block are.</summary>
    public NormPlacement Norms { get; private init; }

    /// <summary>Norms on queries and keys before they are rotated.</summary>
    public QueryKeyNorm QueryKeyNorm { get; private init; }

    /// <summary>Whether embeddings are multiplied by √hidden and norms by 1 + w.</summary>
    public bool IsGemma { get; private init; }

    /// <summary>Whether queries, keys and values always have a bias, and the output none.</summary>
    public bool BiasesQueryKeyValue { get; private init; }

    /// <summary>Whether scores and logits may be capped and the scale of scores is a key of its own.</summary>
    internal bool HasSoftCaps { get; private init; }

    /// <summary>Whether embedding, residuals, scores and logits have factors.</summary>
    internal bool HasMultipliers { get; private init; }

    /// <summary>Whether queries, keys and values are one tensor of the file, gate and up another.</summary>
    internal bool FusesInFile { get; private init; }

    /// <summary>Whether layers with a window have rotary positions of their own.</summary>
    internal bool HasLocalRope { get; private init; }

    /// <summary>Whether layers may lack rotary positions.</summary>
    internal bool OmitsRope { get; private init; }

    /// <summary>Whether the key <c>attention_bias</c> counts.</summary>
    internal bool HasAttentionBiasKey { get; private init; }

    /// <summary>Whether the key <c>mlp_bias</c> counts.</summary>
    internal bool HasMlpBiasKey { get; private init; }

    /// <summary>How the file says which layers have a window.</summary>
    internal WindowPlacement Windows { get; private init; }
}
