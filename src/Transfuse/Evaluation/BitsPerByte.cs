using Transfuse.Corpora;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tokenization;

namespace Transfuse.Evaluation;

/// <summary>
/// Bits per byte by rolling windows: every byte of every document counts exactly once for every model, whatever its vocabulary.
/// </summary>
/// <remarks>
/// Each document is read from BOS (EOS where a tokenizer has no BOS), which is not counted; special tokens that a tokenizer would append are
/// left out. A model with neither is charged ln V nats for a document's first token, the price of knowing nothing. Losses are summed in double.
/// </remarks>
public sealed class BitsPerByte
{
    private readonly Device _device;
    private readonly LanguageModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly BitsPerByteOptions _options;

    /// <summary>Prepares the evaluation of one model.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="model">The model; not disposed here.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="options">Windows.</param>
    public BitsPerByte(Device device, LanguageModel model, Tokenizer tokenizer, BitsPerByteOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        _device = device;
        _model = model;
        _tokenizer = tokenizer;
        _options = options;
    }

    /// <summary>Measures all documents together.</summary>
    /// <param name="documents">The held-out text.</param>
    /// <param name="progress">Told after every forward pass, or null.</param>
    /// <param name="cancellationToken">Checked before every forward pass.</param>
    /// <exception cref="CheckFailedException">A token's probability is not a number.</exception>
    public BitsPerByteResult Measure(
        IEnumerable<Document> documents, IProgress<RunEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var window = _options.Window > 0 ? Math.Min(_options.Window, _model.MaxPositions) : _model.MaxPositions;
        var stride = _options.Stride > 0 ? Math.Min(_options.Stride, window) : Math.Max(1, window / 2);
        var result = default(BitsPerByteResult);
        var pending = new WindowBatch();
        foreach (var document in documents)
        {
            result += Prepare(document, out var ids);
            foreach (var rolling in RollingWindow.Cover(ids.Length, window, stride))
            {
                if (pending.Count > 0 && pending.Count + rolling.End - rolling.Start > _options.BatchTokens)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    result += Flush(pending);
                    progress?.Report(new ProgressEvent("evaluate", result.Bytes, 0, "bytes"));
                }

                pending.Add(ids, rolling, document.Id);
            }
        }

        return result + Flush(pending);
    }

    private BitsPerByteResult Prepare(Document document, out int[] ids)
    {
        var bytes = System.Text.Encoding.UTF8.GetByteCount(document.Text);
        var encoding = _tokenizer.Encode(document.Text, addSpecialTokens: false);
        var start = _tokenizer.BosId ?? _tokenizer.EosId;
        ids = start is { } id ? [id, .. encoding.Ids] : encoding.Ids;
        var uncounted = start is null && ids.Length > 0;
        return new BitsPerByteResult(uncounted ? Math.Log(_model.VocabularySize) : 0, bytes, uncounted ? 1 : 0);
    }

    private BitsPerByteResult Flush(WindowBatch pending)
    {
        if (pending.Count == 0)
        {
            return default;
        }

        var labels = pending.Labels.ToArray();
        using var tape = new Tape(_device, recordGradients: false);
        var hidden = _model.Forward(tape, TokenBatch.FromLengths([.. pending.Ids], [.. pending.Lengths]));
        var losses = new float[labels.Length];
        _device.LinearCrossEntropy(
            hidden.Value, _model.HeadWeight.Value, _model.HeadOptions, labels, new float[labels.Length], null, losses, default, null, null);
        var nats = 0.0;
        var tokens = 0;
        for (var row = 0; row < losses.Length; row++)
        {
            if (labels[row] < 0)
            {
                continue;
            }

            if (!float.IsFinite(losses[row]))
            {
                throw new CheckFailedException($"{pending.DocumentOf(row)}: the model's probability of token {labels[row]} is not a number; its weights are damaged or training diverged.");
            }

            nats += losses[row];
            tokens++;
        }

        pending.Clear();
        return new BitsPerByteResult(nats, 0, tokens);
    }
}
