using Transfuse.Corpora;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tokenization;

namespace Transfuse.Distributions;

/// <summary>Runs a model over a corpus and stores what it expects after every token.</summary>
/// <remarks>
/// Which documents share a forward pass depends on the corpus alone. After an interruption the pass that was cut is repeated whole, so
/// a resumed capture computes, and stores, the same bits.
/// </remarks>
public sealed class DistributionCapture
{
    private readonly Tokenizer _tokenizer;
    private readonly DistributionCaptureOptions _options;
    private readonly WindowedForward _forward;

    /// <summary>Prepares a capture. The capture owns nothing: device, model and tokenizer stay the caller's.</summary>
    /// <exception cref="ArgumentException">Context or overlap do not fit the model.</exception>
    public DistributionCapture(Device device, LanguageModel model, Tokenizer tokenizer, DistributionCaptureOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _options = options ?? new DistributionCaptureOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.TokensPerBatch, 1, nameof(options));
        _forward = new WindowedForward(device, model, tokenizer.BosId, _options);
    }

    /// <summary>Appends the documents that the store does not have yet, in order. The caller completes the store.</summary>
    /// <param name="documents">All documents of the corpus, in the same order as in every earlier, interrupted run.</param>
    /// <param name="store">The store; its k and kept mass say what is kept.</param>
    /// <param name="progress">Hears of every forward pass, in documents.</param>
    /// <param name="cancellation">Ends the capture between two passes; what is stored stays.</param>
    /// <exception cref="ArtifactException">The store has other documents than the corpus, or cannot be written.</exception>
    /// <exception cref="TokenizerException">The tokenizer gives an id that the model does not have.</exception>
    /// <exception cref="CheckFailedException">The model gives NaN.</exception>
    public void Run(
        IEnumerable<Document> documents,
        DistributionStoreWriter store,
        IProgress<RunEvent>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(store);
        var stored = store.DocumentIds.Count;
        long done = 0;
        foreach (var group in Groups(documents))
        {
            cancellation.ThrowIfCancellationRequested();
            CheckOrder(group, store, done, stored);
            if (done + group.Count > stored)
            {
                var skip = (int)Math.Max(0, stored - done);
                foreach (var document in _forward.Run(group, store.Options.TopK, store.Options.KeptMass, cancellation).Skip(skip))
                {
                    store.Append(document);
                }
            }

            done += group.Count;
            progress?.Report(new ProgressEvent(_options.Stage, done, _options.TotalDocuments, "documents", $"{store.TokenCount} tokens"));
        }

        if (done < stored)
        {
            throw new ArtifactException(
                "distributions", $"the store has {stored} documents, the corpus only {done}. It belongs to another corpus; "
                + "use another folder.");
        }
    }

    /// <summary>Documents whose tokens together fit a forward pass; a longer document forms a group of its own.</summary>
    private IEnumerable<List<TokenizedDocument>> Groups(IEnumerable<Document> documents)
    {
        var group = new List<TokenizedDocument>();
        var tokens = 0;
        foreach (var document in documents)
        {
            var encoding = _tokenizer.Encode(document.Text);
            if (group.Count > 0 && tokens + encoding.Count > _options.TokensPerBatch)
            {
                yield return group;
                group = [];
                tokens = 0;
            }

            group.Add(new TokenizedDocument(document.Id, encoding));
            tokens += encoding.Count;
        }

        if (group.Count > 0)
        {
            yield return group;
        }
    }

    private static void CheckOrder(List<TokenizedDocument> group, DistributionStoreWriter store, long first, int stored)
    {
        for (var i = 0; i < group.Count && first + i < stored; i++)
        {
            var found = store.DocumentIds[(int)first + i];
            if (!string.Equals(found, group[i].Id, StringComparison.Ordinal))
            {
                throw new ArtifactException(
                    "distributions", $"the store has '{found}' as document {first + i}, the corpus has '{group[i].Id}'. "
                    + "It belongs to another corpus or order; use another folder.");
            }
        }
    }
}
