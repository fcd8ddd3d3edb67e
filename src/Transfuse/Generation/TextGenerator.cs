using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Generation;

/// <summary>Lets a model continue token sequences, several at once and of unequal lengths.</summary>
public sealed class TextGenerator
{
    private readonly LanguageModel _model;
    private readonly Device _device;

    /// <summary>A generator on a model, which stays the caller's.</summary>
    public TextGenerator(LanguageModel model, Device device)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        _model = model;
        _device = device;
    }

    /// <summary>Continues every prompt until a stop id or the most tokens allowed.</summary>
    /// <param name="prompts">Token ids; none may be empty.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="random">Source of chance; greedy generation draws nothing. Sequences draw in turn, so one sequence alone draws otherwise than among others.</param>
    /// <param name="onToken">Called with the number of the prompt and the token as soon as it is chosen.</param>
    /// <param name="cancellationToken">Checked before every token.</param>
    /// <returns>The new ids of each prompt, the stop id included.</returns>
    /// <exception cref="ArgumentException">A prompt is empty or an option out of range.</exception>
    /// <exception cref="CheckFailedException">The model's output is not a number.</exception>
    public IReadOnlyList<int[]> Generate(
        IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options, RandomStream random,
        Action<int, int>? onToken = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        Check(prompts, options);
        var generated = prompts.Select(_ => new List<int>()).ToArray();
        if (prompts.Count == 0 || options.MaxNewTokens == 0)
        {
            return Array.ConvertAll(generated, ids => ids.ToArray());
        }

        var sampler = new TokenSampler(options, random);
        using var cache = options.UseCache ? _model.CreateCache(_device, prompts.Count, prompts.Max(prompt => prompt.Count) + options.MaxNewTokens) : null;
        var pending = prompts.ToArray();
        var running = Enumerable.Range(0, prompts.Count).ToList();
        while (running.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chosen = Step(pending, running, cache, sampler);
            for (var i = 0; i < running.Count; i++)
            {
                generated[running[i]].Add(chosen[i]);
                onToken?.Invoke(running[i], chosen[i]);
            }

            running.RemoveAll(sequence => generated[sequence].Count == options.MaxNewTokens || options.StopIds.Contains(generated[sequence][^1]));
            for (var sequence = 0; sequence < pending.Length; sequence++)
            {
                pending[sequence] = !running.Contains(sequence) ? []
                    : cache is not null ? [generated[sequence][^1]]
                    : [.. prompts[sequence], .. generated[sequence]];
            }
        }

        return Array.ConvertAll(generated, ids => ids.ToArray());
    }

    /// <summary>Reads the pending tokens and chooses the next token of every running sequence.</summary>
    private int[] Step(IReadOnlyList<int>[] pending, List<int> running, KeyValueCache? cache, TokenSampler sampler)
    {
        using var tape = new Tape(_device, recordGradients: false);
        var batch = cache?.NextBatch(pending)
            ?? TokenBatch.FromLengths([.. pending.SelectMany(ids => ids)], [.. running.Select(sequence => pending[sequence].Count)]);
        var hidden = _model.Forward(tape, batch, cache).Value;
        using var last = _device.Allocate(new Shape(running.Count, hidden.Columns));
        for (var i = 0; i < running.Count; i++)
        {
            var segment = batch.Segments[i];
            hidden.Row(segment.QueryStart + segment.QueryCount - 1).CopyTo(last.Row(i));
        }

        var count = sampler.CandidateCount(_model.VocabularySize);
        var ids = new int[running.Count * count];
        var logProbabilities = new float[ids.Length];
        var labels = Enumerable.Repeat(-1, running.Count).ToArray();
        _device.HeadTopK(
            last, _model.HeadWeight.Value, _model.HeadOptions, count, labels, ids, logProbabilities, new float[running.Count]);
        var chosen = new int[running.Count];
        for (var i = 0; i < chosen.Length; i++)
        {
            if (!float.IsFinite(logProbabilities[i * count]))
            {
                throw new CheckFailedException(
                    $"Sequence {running[i]}: the model's output is not a number. Its weights are damaged or training diverged.");
            }

            chosen[i] = ids[(i * count) + sampler.Choose(logProbabilities.AsSpan(i * count, count))];
        }

        return chosen;
    }

    private static void Check(IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options)
    {
        string[] problems = [.. options.Problems()];
        if (problems.Length > 0)
        {
            throw new ArgumentException(string.Join("; ", problems) + ".", nameof(options));
        }

        for (var i = 0; i < prompts.Count; i++)
        {
            if (prompts[i].Count == 0)
            {
                throw new ArgumentException($"Prompt {i} is empty; a model needs at least one token, such as BOS, to begin with.", nameof(prompts));
            }
        }
    }
}
