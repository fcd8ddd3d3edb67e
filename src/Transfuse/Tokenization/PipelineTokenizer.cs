using System.Collections.Concurrent;
using Transfuse.Tokenization.Decoders;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization;

/// <summary>A tokenizer in the steps of tokenizer.json: added tokens, normalizer, pre-tokenizer, model, post-processor, decoder.</summary>
internal sealed class PipelineTokenizer : Tokenizer
{
    private readonly EncodingSteps _steps;
    private readonly TokenDecoder? _decoder;
    private readonly TokenCatalog _catalog;
    private readonly ConcurrentBag<EncodingWorker> _workers = [];
    private readonly Lazy<string> _contentHash;
    private readonly Lazy<byte[][]> _bytes;

    public PipelineTokenizer(TokenizerDefinition definition, EncodingSteps steps, TokenDecoder? decoder, TokenCatalog catalog)
    {
        Definition = definition;
        _steps = steps;
        _decoder = decoder;
        _catalog = catalog;
        BosId = definition.BosToken is null ? null : catalog.Id(definition.BosToken);
        EosId = definition.EosToken is null ? null : catalog.Id(definition.EosToken);
        _contentHash = new(() => TokenizerJsonWriter.Hash(definition));
        _bytes = new(AllBytes);
    }

    /// <summary>The data that the tokenizer was built from, ids resolved.</summary>
    public TokenizerDefinition Definition { get; }

    /// <inheritdoc/>
    public override int VocabularySize => _catalog.Size;

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
        if (!_workers.TryTake(out var worker))
        {
            worker = new EncodingWorker(_steps);
        }

        try
        {
            return worker.Encode(Utf8.Bytes(text), addSpecialTokens);
        }
        finally
        {
            _workers.Add(worker);
        }
    }

    /// <inheritdoc/>
    public override string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        if (_decoder is ByteLevelDecoder && !Definition.CleansUpSpaces)
        {
            return DecodeBytes(ids, skipSpecialTokens);
        }

        var tokens = new List<string>(ids.Length);
        foreach (var id in ids)
        {
            if (_catalog.DecodedToken(id) is { } token && !(skipSpecialTokens && _catalog.IsSkipped(id)))
            {
                tokens.Add(token);
            }
        }

        var text = _decoder is null ? string.Join(' ', tokens) : string.Concat(_decoder.Decode(tokens));
        return Definition.CleansUpSpaces ? SpaceCleanUp.Apply(text, contractsDoNot: false) : text;
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> TokenBytes(int id) =>
        (uint)id >= (uint)VocabularySize || _catalog.IsSpecial(id) ? default(ReadOnlyMemory<byte>) : _bytes.Value[id];

    /// <inheritdoc/>
    public override string? TokenString(int id) => _catalog.Token(id);

    /// <inheritdoc/>
    public override int? TokenId(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _catalog.Id(token);
    }

    private string DecodeBytes(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var table = _bytes.Value;
        var bytes = new List<byte>(4 * ids.Length);
        foreach (var id in ids)
        {
            if ((uint)id < (uint)table.Length && !(skipSpecialTokens && _catalog.IsSkipped(id)))
            {
                bytes.AddRange(table[id]);
            }
        }

        return Utf8.String(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes));
    }

    private byte[][] AllBytes()
    {
        var bytes = new byte[VocabularySize][];
        for (var id = 0; id < bytes.Length; id++)
        {
            bytes[id] = _catalog.DecodedToken(id) is { } token ? Contribution(Utf8.Bytes(token)) : [];
        }

        return bytes;
    }

    private byte[] Contribution(byte[] token) => _decoder is null ? [(byte)' ', .. token] : _decoder.Contribution(token);
}
