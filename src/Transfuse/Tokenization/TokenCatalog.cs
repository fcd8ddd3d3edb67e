namespace Transfuse.Tokenization;

/// <summary>All tokens by id and by string: the model's vocabulary overlaid with the added tokens.</summary>
internal sealed class TokenCatalog
{
    private readonly string?[] _tokens;
    private readonly bool[] _special;
    private readonly IReadOnlyDictionary<string, int> _vocabulary;
    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);

    /// <summary>Collects tokens; every added token has its id.</summary>
    public TokenCatalog(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added)
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
        foreach (var (token, id) in vocabulary)
        {
            _tokens[id] = token;
        }

        foreach (var token in added)
        {
            _tokens[token.Id] = token.Content;
            _special[token.Id] = token.Special;
            _added[token.Content] = token.Id;
        }
    }

    /// <summary>Largest id + 1.</summary>
    public int Size => _tokens.Length;

    /// <summary>The string of an id, or null.</summary>
    public string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>The id of a string, or null.</summary>
    public int? Id(string token) =>
        _added.TryGetValue(token, out var id) || _vocabulary.TryGetValue(token, out id) ? id : null;

    /// <summary>Whether an id is that of a special token.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];
}
