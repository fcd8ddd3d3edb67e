using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Transfuse.Errors;
using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>A SentencePiece model as that library itself runs it: control pieces written in a text are plain text.</summary>
internal sealed class SentencePieceTokenizer : Tokenizer
{
    private readonly SentencePieceVocabulary _vocabulary;
    private readonly SentencePieceNormalizer _normalizer;
    private readonly ConcurrentBag<SentencePieceSegmenter> _segmenters = [];
    private readonly Lazy<string> _contentHash;
    private readonly string _source;
    private readonly bool _addBos;
    private readonly bool _addEos;

    /// <summary>Indexes a model.</summary>
    /// <param name="model">The contents of the file.</param>
    /// <param name="source">File named in errors.</param>
    /// <param name="addBos">Whether encoding with special tokens puts the BOS id in front.</param>
    /// <param name="addEos">Whether it puts the EOS id behind.</param>
    public SentencePieceTokenizer(SentencePieceModel model, string source, bool addBos, bool addEos)
    {
        Model = model;
        _vocabulary = new SentencePieceVocabulary(model, source);
        CharacterMap? map = null;
        if (model.CharacterMap.Length > 0)
        {
            map = Normalizers.CharacterMap.TryRead(model.CharacterMap)
                ?? throw new TokenizerException(source, "the SentencePiece model's character map is damaged: its trie size does not fit its length.");
        }

        _normalizer = new SentencePieceNormalizer(model, map, _vocabulary.UserDefined);
        _source = source;
        _addBos = addBos;
        _addEos = addEos;
        BosId = IsPiece(model.BosId) ? model.BosId : null;
        EosId = IsPiece(model.EosId) ? model.EosId : null;
        _contentHash = new(ComputeHash);
    }

    /// <summary>The contents of the file.</summary>
    public SentencePieceModel Model { get; }

    /// <inheritdoc/>
    public override int VocabularySize => Model.Pieces.Count;

    /// <inheritdoc/>
    public override int? BosId { get; }

    /// <inheritdoc/>
    public override int? EosId { get; }

    /// <inheritdoc/>
    public override string ContentHash => _contentHash.Value;

    /// <inheritdoc/>
    public override Encoding Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = Utf8.Bytes(text);
        var normal = _normalizer.Apply(bytes, out var normalEnd);
        var tokens = new TokenList();
        if (addSpecialTokens && _addBos && BosId is { } bos)
        {
            tokens.Add(bos, 0, 0);
        }

        if (!_segmenters.TryTake(out var segmenter))
        {
            segmenter = new SentencePieceSegmenter(Model, _vocabulary, _normalizer);
        }

        var first = tokens.Count;
        segmenter.Segment(normal.Bytes.AsSpan(0, normal.Length), tokens);
        _segmenters.Add(segmenter);
        foreach (ref var span in tokens.Spans[first..])
        {
            span = Origin(normal, span, normalEnd);
        }

        if (addSpecialTokens && _addEos && EosId is { } eos)
        {
            tokens.Add(eos, bytes.Length, bytes.Length);
        }

        return new Encoding(tokens.Ids.ToArray(), tokens.Spans.ToArray());
    }

    /// <inheritdoc/>
    public override string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) => SentencePieceDecoder.Decode(Model, ids);

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> TokenBytes(int id)
    {
        if (!IsPiece(id))
        {
            return default;
        }

        var (text, _, type) = Model.Pieces[id];
        return type switch
        {
            PieceType.Control or PieceType.Unused => default,
            PieceType.Unknown => Utf8.Bytes(Model.UnknownSurface),
            PieceType.Byte => new[] { SentencePieceDecoder.ByteOf(text) },
            _ => Utf8.Bytes(text.Replace("▁", " ", StringComparison.Ordinal)),
        };
    }

    /// <inheritdoc/>
    public override string? TokenString(int id) => IsPiece(id) ? Model.Pieces[id].Text : null;

    /// <inheritdoc/>
    public override int? TokenId(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _vocabulary.Ids.TryGetValue(token, out var id) ? id : null;
    }

    /// <summary>The normalised form of a text.</summary>
    public string Normalize(string text)
    {
        var normal = _normalizer.Apply(Utf8.Bytes(text), out _);
        return Utf8.String(normal.Bytes.AsSpan(0, normal.Length));
    }

    /// <summary>The model in the form of tokenizer.json; see <see cref="SentencePieceConverter"/>.</summary>
    public TokenizerDefinition ToDefinition(string scheme, bool mergesByScore = true) =>
        SentencePieceConverter.Convert(Model, scheme, mergesByScore, _addBos, _addEos, _source);

    /// <summary>A token reaches to where the next one begins, as in the library: what normalisation drops belongs to the token before.</summary>
    private static ByteSpan Origin(AlignedText normal, ByteSpan span, int normalEnd)
    {
        var start = normal.OriginStart(span.Start);
        return new ByteSpan(start, span.End < normal.Length ? normal.OriginStart(span.End) : normalEnd);
    }

    private bool IsPiece(int id) => (uint)id < (uint)Model.Pieces.Count;

    private string ComputeHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Utf8.Bytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{Model.Algorithm} {Model.ByteFallback} {Model.WhitespaceAsSuffix} {Model.AddDummyPrefix} {Model.RemoveExtraWhitespaces} {Model.EscapeWhitespaces} {_addBos} {_addEos} {Model.UnknownId} {BosId} {EosId}\n")));
        hash.AppendData(Model.CharacterMap);
        foreach (var (text, score, type) in Model.Pieces)
        {
            hash.AppendData(Utf8.Bytes(string.Create(CultureInfo.InvariantCulture, $"{text}\0{score:R}\0{type}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
