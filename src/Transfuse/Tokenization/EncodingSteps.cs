using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.PreTokenizers;

namespace Transfuse.Tokenization;

/// <summary>The steps from text to ids, shared by all workers of a tokenizer.</summary>
/// <param name="RawTokens">Added tokens looked for in the raw text.</param>
/// <param name="NormalizedTokens">Added tokens looked for in the normalised text.</param>
/// <param name="Normalizer">Rewrites the text, or null.</param>
/// <param name="PreTokenizer">Cuts the text, or null.</param>
/// <param name="Model">Maps pieces to ids.</param>
/// <param name="Template">Special ids around the text's own tokens; null stands for those.</param>
internal sealed record EncodingSteps(
    AddedTokenMatcher RawTokens,
    AddedTokenMatcher NormalizedTokens,
    Normalizer? Normalizer,
    PreTokenizer? PreTokenizer,
    TokenModel Model,
    IReadOnlyList<int?> Template);
