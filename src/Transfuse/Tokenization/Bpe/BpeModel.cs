using System.Globalization;
using Transfuse.Errors;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Bpe;

/// <summary>A byte-pair-encoding model ready to encode.</summary>
internal sealed class BpeModel : TokenModel
{
    /// <summary>In place of the id of a token that is not there.</summary>
    public const int NoToken = -1;

    private readonly BytesTable _table;
    private readonly int[] _ids;
    private readonly byte[] _prefix;
    private readonly byte[] _suffix;

    /// <summary>Indexes a definition.</summary>
    /// <param name="definition">Vocabulary, merges, options.</param>
    /// <param name="readsBytes">Whether pieces come as plain bytes and each byte is a symbol, in place of characters of the byte alphabet.</param>
    /// <param name="source">File named in errors.</param>
    /// <exception cref="TokenizerException">A merge or the unknown token is not in the vocabulary.</exception>
    public BpeModel(BpeDefinition definition, bool readsBytes, string source)
    {
        Definition = definition;
        ReadsBytes = readsBytes;
        _prefix = Utf8.Bytes(definition.ContinuingSubwordPrefix ?? "");
        _suffix = Utf8.Bytes(definition.EndOfWordSuffix ?? "");
        _table = new BytesTable(definition.Vocabulary.Count + 1);
        _ids = new int[definition.Vocabulary.Count + 1];
        foreach (var (token, id) in definition.Vocabulary)
        {
            if ((readsBytes ? ByteAlphabet.TryToBytes(token) : Utf8.Bytes(token)) is { } bytes)
            {
                _ids[_table.GetOrAdd(bytes)] = id;
            }
        }

        Merges = new MergeTable(ResolveMerges(definition, source));
        UnknownId = ResolveUnknown(definition, source);
        for (var i = 0; i < 256; i++)
        {
            ByteIds[i] = Find([(byte)i]);
            FallbackIds[i] = definition.Vocabulary.GetValueOrDefault("<0x" + i.ToString("X2", CultureInfo.InvariantCulture) + ">", NoToken);
        }

        Cuts = BpeCuts.Find(this);
    }

    /// <summary>The data.</summary>
    public BpeDefinition Definition { get; }

    /// <summary>Whether each byte of a piece is a symbol.</summary>
    public bool ReadsBytes { get; }

    /// <summary>Ranks.</summary>
    public MergeTable Merges { get; }

    /// <summary>Id of the unknown token, or -1.</summary>
    public int UnknownId { get; }

    /// <summary>Ids of the symbols of single bytes, or -1.</summary>
    public int[] ByteIds { get; } = new int[256];

    /// <summary>Ids of <c>&lt;0xHH&gt;</c>, or -1.</summary>
    public int[] FallbackIds { get; } = new int[256];

    /// <summary>Where pieces are cut into words before they are merged, or null.</summary>
    public SafeCuts? Cuts { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, int> Vocabulary => Definition.Vocabulary;

    /// <summary>The id of a vocabulary entry by its bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> token)
    {
        var index = _table.Find(token);
        return index < 0 ? NoToken : _ids[index];
    }

    /// <summary>The id of a character at a place in its piece, or -1.</summary>
    public int FindSymbol(ReadOnlySpan<byte> symbol, bool isFirst, bool isLast)
    {
        var prefix = isFirst ? [] : _prefix;
        var suffix = isLast ? _suffix : [];
        if (prefix.Length + suffix.Length == 0)
        {
            return Find(symbol);
        }

        byte[] decorated = [.. prefix, .. symbol, .. suffix];
        return Find(decorated);
    }

    /// <summary>The bytes of a character as the model spells them when it falls back to bytes.</summary>
    public byte[] Decorate(ReadOnlySpan<byte> symbol, bool isFirst, bool isLast) => [.. isFirst ? [] : _prefix, .. symbol, .. isLast ? _suffix : []];

    /// <inheritdoc/>
    public override ModelWorker CreateWorker() => new BpeWorker(this);

    private static List<(int Left, int Right, int Result)> ResolveMerges(BpeDefinition definition, string source)
    {
        var vocabulary = definition.Vocabulary;
        var prefixLength = definition.ContinuingSubwordPrefix?.Length ?? 0;
        var merges = new List<(int, int, int)>(definition.Merges.Count);
        foreach (var (left, right) in definition.Merges)
        {
            var result = right.Length >= prefixLength ? left + right[prefixLength..] : left + right;
            if (!vocabulary.TryGetValue(left, out var leftId) || !vocabulary.TryGetValue(right, out var rightId)
                || !vocabulary.TryGetValue(result, out var resultId))
            {
                throw new TokenizerException(
                    source,
                    $"merge {merges.Count} ('{left}', '{right}') needs both parts and '{result}' in the vocabulary. The file is damaged or its parts belong to different models.");
            }

            merges.Add((leftId, rightId, resultId));
        }

        return merges;
    }

    private static int ResolveUnknown(BpeDefinition definition, string source)
    {
        if (definition.UnknownToken is null)
        {
            return NoToken;
        }

        // An unknown token outside the vocabulary only matters when an unknown character comes; byte-level models never need it.
        return definition.Vocabulary.TryGetValue(definition.UnknownToken, out var id)
            ? id
            : throw new TokenizerException(source, $"the unknown token '{definition.UnknownToken}' is not in the vocabulary. Add it there or remove unk_token.");
    }
}
