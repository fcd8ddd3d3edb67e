using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Generation;

/// <summary>An encoder-decoder model reads the prompts as sources and writes targets for them.</summary>
internal sealed class EncoderDecoderSession : DecodingSession
{
    private readonly EncoderDecoderModel _model;
    private readonly IReadOnlyList<IReadOnlyList<int>> _sources;
    private readonly int _targetsPerSource;
    private readonly EncoderDecoderCache? _cache;
    private readonly Histories _histories;

    internal EncoderDecoderSession(
        EncoderDecoderModel model, Device device, IReadOnlyList<IReadOnlyList<int>> sources, int targetsPerSource, GenerationOptions options)
        : base(device, model)
    {
        _model = model;
        _sources = sources;
        _targetsPerSource = targetsPerSource;
        _histories = new Histories(sources.Count * targetsPerSource);
        _cache = options.UseCache ? model.CreateCache(device, Batch(sources), targetsPerSource, options.MaxNewTokens + 1) : null;
    }

    internal override IReadOnlyList<int> Start(int prompt) => [_model.StartId];

    internal override void Reorder(ReadOnlySpan<int> parents)
    {
        if (_cache is null)
        {
            _histories.Reorder(parents);
        }
        else
        {
            _cache.Reorder(parents);
        }
    }

    public override void Dispose() => _cache?.Dispose();

    private protected override (Tensor Hidden, AttentionSegment[] Segments) Forward(Tape tape, IReadOnlyList<IReadOnlyList<int>> tokens)
    {
        if (_cache is not null)
        {
            var next = _cache.NextBatch(tokens);
            return (_model.Decode(tape, _cache, next).Value, next.Segments);
        }

        var target = _histories.Extend(tokens);
        var source = Batch([.. Enumerable.Range(0, tokens.Count).Where(i => tokens[i].Count > 0).Select(i => _sources[i / _targetsPerSource])]);
        return (_model.Decode(tape, target, source, _model.Encode(tape, source)).Value, target.Segments);
    }

    private static TokenBatch Batch(IReadOnlyList<IReadOnlyList<int>> texts) =>
        TokenBatch.FromLengths([.. texts.SelectMany(text => text)], [.. texts.Select(text => text.Count)]);
}
