using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Distributions;

/// <summary>Distributions of tokenised documents, through windows where a document is longer than the model's context.</summary>
internal sealed class WindowedForward
{
    private readonly Device _device;
    private readonly LanguageModel _model;
    private readonly int? _bosId;
    private readonly int _context;
    private readonly int _overlap;
    private readonly int _tokensPerBatch;

    /// <exception cref="ArgumentException">Context or overlap do not fit the model.</exception>
    public WindowedForward(Device device, LanguageModel model, int? bosId, DistributionCaptureOptions options)
    {
        _device = device;
        _model = model;
        _bosId = bosId;
        _tokensPerBatch = options.TokensPerBatch;
        _context = options.ContextLength ?? model.MaxPositions;
        if (_context < 2 || _context > model.MaxPositions)
        {
            throw new ArgumentException(
                $"The context is {_context} tokens, expected 2 to the model's {model.MaxPositions}.", nameof(options));
        }

        // A prefixed window must still move on by a token.
        _overlap = options.Overlap ?? (_context / 4);
        if (_overlap < 0 || _overlap > _context - 2)
        {
            throw new ArgumentException($"The overlap is {_overlap} tokens, expected 0 to {_context - 2}.", nameof(options));
        }
    }

    /// <summary>Runs the documents of one group through the model; the results come in the group's order.</summary>
    /// <exception cref="TokenizerException">A token is outside the model's vocabulary.</exception>
    /// <exception cref="CheckFailedException">The model gives NaN.</exception>
    public IReadOnlyList<DocumentDistributions> Run(
        IReadOnlyList<TokenizedDocument> group, int topK, double keptMass, CancellationToken cancellation)
    {
        var results = group.Select(document => new DistributionsBuilder(document, topK, keptMass)).ToList();
        var batch = new List<TokenWindow>();
        var rows = 0;
        for (var i = 0; i < group.Count; i++)
        {
            CheckIds(group[i]);
            var ids = group[i].Encoding.Ids;
            var prefixed = ids.Length > 0 && ids[0] == _bosId;
            foreach (var window in TokenWindow.Cover(i, ids.Length, _context, _overlap, prefixed))
            {
                if (batch.Count > 0 && rows + window.Rows > _tokensPerBatch)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Forward(group, batch, rows, topK, results);
                    batch.Clear();
                    rows = 0;
                }

                batch.Add(window);
                rows += window.Rows;
            }
        }

        if (rows > 0)
        {
            Forward(group, batch, rows, topK, results);
        }

        return results.ConvertAll(result => result.Build());
    }

    private void Forward(
        IReadOnlyList<TokenizedDocument> group, List<TokenWindow> windows, int rows, int topK, List<DistributionsBuilder> results)
    {
        var (tokens, labels) = Layout(group, windows, rows);
        var ids = new int[rows * topK];
        var logProbabilities = new float[rows * topK];
        var golds = new float[rows];
        var lengths = windows.ConvertAll(window => window.Rows).ToArray();
        using (var tape = new Tape(_device, recordGradients: false))
        {
            var hidden = _model.Forward(tape, TokenBatch.FromLengths(tokens, lengths));
            _device.HeadTopK(hidden.Value, _model.HeadWeight.Value, _model.HeadOptions, topK, labels, ids, logProbabilities, golds);
        }

        var row = 0;
        foreach (var window in windows)
        {
            var prefix = window.HasPrefix ? 1 : 0;
            for (var token = window.FirstKept; token < window.End; token++)
            {
                var at = row + prefix + token - window.Start;
                results[window.Document].Add(ids.AsSpan(at * topK, topK), logProbabilities.AsSpan(at * topK, topK), golds[at]);
            }

            row += window.Rows;
        }
    }

    private (int[] Tokens, int[] Labels) Layout(IReadOnlyList<TokenizedDocument> group, List<TokenWindow> windows, int rows)
    {
        var tokens = new int[rows];
        var labels = new int[rows];
        Array.Fill(labels, -1);
        var row = 0;
        foreach (var window in windows)
        {
            if (window.HasPrefix)
            {
                tokens[row++] = _bosId!.Value;
            }

            var ids = group[window.Document].Encoding.Ids;
            for (var token = window.Start; token < window.End; token++, row++)
            {
                tokens[row] = ids[token];
                labels[row] = token + 1 < ids.Length ? ids[token + 1] : -1;
            }
        }

        return (tokens, labels);
    }

    private void CheckIds(TokenizedDocument document)
    {
        var ids = document.Encoding.Ids;
        var wrong = Array.FindIndex(ids, id => id < 0 || id >= _model.VocabularySize);
        if (wrong >= 0)
        {
            throw new TokenizerException(
                document.Id, $"token {wrong} has the id {ids[wrong]}, the model has {_model.VocabularySize}. "
                + "Model and tokenizer do not belong together.");
        }
    }
}
