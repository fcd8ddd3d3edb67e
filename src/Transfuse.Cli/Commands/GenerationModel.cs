using Transfuse.Checkpoints;
using Transfuse.Cli.Errors;
using Transfuse.Errors;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors.Devices;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary>A model folder of either kind with what generating needs: a decoder that continues a text, or an encoder with a decoder that writes one for it.</summary>
internal sealed class GenerationModel : IDisposable
{
    private readonly string _path;
    private readonly LanguageModel? _decoder;
    private readonly EncoderDecoderModel? _encoderDecoder;

    /// <param name="path">The folder as the user named it, for messages.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where the model runs.</param>
    /// <param name="adapters">Folders of adapters to merge into it.</param>
    internal GenerationModel(string path, string folder, Device device, IReadOnlyList<string> adapters)
    {
        _path = path;
        Tokenizer = TokenizerFile.Load(folder);
        var config = PretrainedModel.ReadConfig(folder);
        StopIds = StopTokens.Of(folder, config, Tokenizer);
        if (config is T5Config)
        {
            if (adapters.Count > 0)
            {
                throw new UsageException($"{path} has an encoder, and adapters can be merged into decoder-only models only");
            }

            _encoderDecoder = PretrainedModel.LoadEncoderDecoder(folder, device, precision: WeightPrecision.Packed);
            Generator = new TextGenerator(_encoderDecoder, device, Tokenizer);
        }
        else
        {
            _decoder = AdapterMerge.Load(folder, adapters, device);
            Generator = new TextGenerator(_decoder, device, Tokenizer);
        }
    }

    internal Tokenizer Tokenizer { get; }

    internal TextGenerator Generator { get; }

    /// <summary>Ids that end a text, of all files that name some.</summary>
    internal IReadOnlyList<int> StopIds { get; }

    /// <summary>Whether what is generated begins a text of its own, and continues none.</summary>
    internal bool StartsText => _encoderDecoder is not null;

    /// <summary>Most tokens of prompt and continuation together; null where the architecture has no bound.</summary>
    internal int? Context => _decoder is null ? null : ContextWindow.Of(_decoder);

    public void Dispose()
    {
        _decoder?.Dispose();
        _encoderDecoder?.Dispose();
    }

    /// <summary>The tokens of a prompt.</summary>
    /// <param name="name">What the prompt is called in messages.</param>
    /// <param name="prompt">Its text.</param>
    /// <exception cref="InputException">The model cannot read them.</exception>
    internal int[] Encode(string name, string prompt)
    {
        var ids = _decoder is null ? Source(prompt) : Beginning(prompt);
        if (_decoder is not null)
        {
            new ScoredInput(name, ids, null, null, Tokenizer).CheckFits(_path, _decoder);
        }
        else if (ids.Any(id => id >= _encoderDecoder!.VocabularySize))
        {
            throw new InputException(
                _path, $"its tokenizer gives the id {ids.Max()}, but the model's vocabulary has {_encoderDecoder!.VocabularySize} ids. The tokenizer is of another model.");
        }

        return ids;
    }

    // A source is a whole text: it ends with EOS, whether or not the tokenizer adds it.
    private int[] Source(string prompt)
    {
        var ids = Tokenizer.Encode(prompt).Ids;
        return Tokenizer.EosId is { } end && (ids.Length == 0 || ids[^1] != end) ? [.. ids, end] : ids;
    }

    // A tokenizer may also end every text with EOS; a text to be continued has no end.
    private int[] Beginning(string prompt)
    {
        var encoding = Tokenizer.Encode(prompt);
        var length = encoding.Count;
        while (length > 1 && encoding.Ids[length - 1] == Tokenizer.EosId && encoding.Spans[length - 1].Length == 0)
        {
            length--;
        }

        if (length > 0)
        {
            return encoding.Ids[..length];
        }

        return (Tokenizer.BosId ?? Tokenizer.EosId) is { } start
            ? [start]
            : throw new UsageException("the prompt is empty, and the tokenizer has no token that begins a text");
    }
}
