namespace Transfuse.Tokenization;

/// <summary>All tokens by id and by string: the model's vocabulary overlaid with the added tokens.</summary>
internal sealed class TokenCatalog
{
    private readonly string?[] _tokens;
    private readonly string?[] _decoded;
    private readonly bool[] _special;
    private readonly bool[] _skipped;
    private readonly IReadOnlyDictionary<string, int> _vocabulary;
    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);

    /// <summary>Collects tokens; every added token has its id.</summary>
    /// <param name="vocabulary">Ids of the model's tokens.</param>
    /// <param name="added">The added tokens.</param>
    /// <param name="match">What an added token matches in the text: its content, normalised if it asks for that.</param>
    public TokenCatalog(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added, Func<AddedToken, string> match)
    {
        _vocabulary = vocabulary;
        var size = 0;
        foreach (var id in vocabulary.Values)
        {
            size = Math.Max(size, id + 1);
        }

        foreach (var token in added)
        {
            size = Math.Max(size, token.Id + 1);
        }

        _tokens = new string?[size];
        _special = new bool[size];
        _skipped = new bool[size];
        foreach (var (token, id) in vocabulary)
        {
            _tokens[id] = token;
        }

        _decoded = [.. _tokens];
        var specials = added.Where(token => token.Special).Select(token => token.Content).ToHashSet(StringComparer.Ordinal);
        foreach (var token in added)
        {
            _decoded[token.Id] = match(token);
            _skipped[token.Id] = specials.Contains(match(token));
            _tokens[token.Id] = token.Content;
            _special[token.Id] = token.Special;
            _added[token.Content] = token.Id;
        }
    }

    /// <summary>Largest id + 1.</summary>
    public int Size => _tokens.Length;

    /// <summary>The string of an id, or null.</summary>
    public string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>
    /// The string that decoding starts from. As in the original, an added token that is matched in the normalised text decodes to its normalised content.
    /// </summary>
    public string? DecodedToken(int id) => (uint)id < (uint)_decoded.Length ? _decoded[id] : null;

    /// <summary>Whether decoding without special tokens leaves an id out; as in the original, the string that decoding starts from decides.</summary>
    public bool IsSkipped(int id) => (uint)id < (uint)_skipped.Length && _skipped[id];

    /// <summary>The id of a string, or null.</summary>
    public int? Id(string token) =>
        _added.TryGetValue(token, out var id) || _vocabulary.TryGetValue(token, out id) ? id : null;

    /// <summary>Whether an id is that of a special token.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];
}
