using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Generation;

/// <summary>A decoder-only model continues the prompts themselves.</summary>
internal sealed class CausalSession : DecodingSession
{
    private readonly LanguageModel _model;
    private readonly IReadOnlyList<IReadOnlyList<int>> _prompts;
    private readonly KeyValueCache? _cache;
    private readonly Histories _histories;

    internal CausalSession(LanguageModel model, Device device, IReadOnlyList<IReadOnlyList<int>> prompts, int sequencesPerPrompt, GenerationOptions options)
        : base(device, model)
    {
        _model = model;
        _prompts = prompts;
        var sequences = prompts.Count * sequencesPerPrompt;
        _histories = new Histories(sequences);
        _cache = options.UseCache ? model.CreateCache(device, sequences, prompts.Max(prompt => prompt.Count) + options.MaxNewTokens) : null;
    }

    internal override IReadOnlyList<int> Start(int prompt) => _prompts[prompt];

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
        var batch = _cache?.NextBatch(tokens) ?? _histories.Extend(tokens);
        return (_model.Forward(tape, batch, _cache).Value, batch.Segments);
    }
}
