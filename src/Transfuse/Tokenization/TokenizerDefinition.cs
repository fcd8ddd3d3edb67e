using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tokenization.Json;

namespace Transfuse.Tokenization;

/// <summary>
/// Everything that a tokenizer is made of, as data: what a reader fills, a trainer returns and <see cref="TokenizerFile"/> writes. The
/// steps around the model are kept in the form of tokenizer.json, the field's own description of them.
/// </summary>
public sealed record TokenizerDefinition
{
    /// <summary>Vocabulary and algorithm.</summary>
    public required ModelDefinition Model { get; init; }

    /// <summary>Tokens found before the model sees the text, special ones among them; in order of id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>The <c>normalizer</c> object, or null.</summary>
    public JsonElement? Normalizer { get; init; }

    /// <summary>The <c>pre_tokenizer</c> object, or null.</summary>
    public JsonElement? PreTokenizer { get; init; }

    /// <summary>The <c>post_processor</c> object, or null.</summary>
    public JsonElement? PostProcessor { get; init; }

    /// <summary>The <c>decoder</c> object, or null.</summary>
    public JsonElement? Decoder { get; init; }

    /// <summary>The token that begins a text, or null.</summary>
    public string? BosToken { get; init; }

    /// <summary>The token that ends a text, or null.</summary>
    public string? EosToken { get; init; }

    /// <summary>Whether special tokens written in a text are text like any other, and only the post-processor adds them (<c>split_special_tokens</c>).</summary>
    public bool SplitsSpecialTokens { get; init; }

    /// <summary>Whether decoding takes back the spaces before English punctuation and contractions (<c>clean_up_tokenization_spaces</c>).</summary>
    public bool CleansUpSpaces { get; init; }

    /// <summary>The contents of tokenizer_config.json as read, so that nothing of it (chat template, …) is lost on saving; or null.</summary>
    public JsonElement? Configuration { get; init; }

    /// <summary>Builds the tokenizer.</summary>
    /// <param name="source">File or other name to put into errors.</param>
    /// <exception cref="TokenizerException">The parts do not fit together or one is not supported.</exception>
    public Tokenizer Build(string source = "tokenizer")
    {
        ArgumentNullException.ThrowIfNull(source);
        return PipelineBuilder.Build(this, source);
    }
}
