using System.Runtime.InteropServices;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;

namespace Transfuse.Generation;

/// <summary>
/// Lets a model continue token sequences, or write targets for source sequences, several at once and of unequal lengths. What it makes of a
/// prompt does not depend on the other prompts.
/// </summary>
public sealed class TextGenerator
{
    private readonly Func<IReadOnlyList<IReadOnlyList<int>>, int, GenerationOptions, DecodingSession> _open;
    private readonly Tokenizer? _tokenizer;

    /// <summary>A generator on a decoder-only model, which stays the caller's and continues the prompts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="tokenizer">Knows the bytes of tokens; needed for stop strings only.</param>
    public TextGenerator(LanguageModel model, Device device, Tokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        _open = (prompts, sequences, options) => new CausalSession(model, device, prompts, sequences, options);
        _tokenizer = tokenizer;
    }

    /// <summary>A generator on an encoder-decoder model, which stays the caller's and writes a target for each prompt.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="tokenizer">Knows the bytes of tokens; needed for stop strings only.</param>
    public TextGenerator(EncoderDecoderModel model, Device device, Tokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        _open = (prompts, sequences, options) => new EncoderDecoderSession(model, device, prompts, sequences, options);
        _tokenizer = tokenizer;
    }

    /// <summary>Goes on from every prompt until a stop id, a stop string or the most tokens allowed.</summary>
    /// <param name="prompts">Token ids; none may be empty.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="random">Source of chance. The n-th prompt draws from the n-th stream made from it; greedy generation and search draw nothing.</param>
    /// <param name="onToken">Called with the number of the prompt and the token as soon as it is chosen; with beam search at the end.</param>
    /// <param name="cancellationToken">Checked before every token.</param>
    /// <returns>The new ids of each prompt, the stop id, or the token that completed a stop string, included.</returns>
    /// <exception cref="ArgumentException">A prompt is empty, an option out of range, or there are stop strings but no tokenizer.</exception>
    /// <exception cref="CheckFailedException">The model's output is not a number.</exception>
    public IReadOnlyList<int[]> Generate(
        IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options, RandomStream random,
        Action<int, int>? onToken = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        Check(prompts, options);
        if (options.Beams > 1)
        {
            int[][] found = [.. Search(prompts, options, cancellationToken).Select(sequences => sequences.Count == 0 ? [] : sequences[0].Ids)];
            for (var prompt = 0; prompt < found.Length; prompt++)
            {
                Array.ForEach(found[prompt], id => onToken?.Invoke(prompt, id));
            }

            return found;
        }

        if (prompts.Count == 0 || options.MaxNewTokens == 0)
        {
            return [.. prompts.Select(_ => Array.Empty<int>())];
        }

        using var session = _open(prompts, 1, options);
        return Continue(session, prompts.Count, options, random, onToken, cancellationToken);
    }

    /// <summary>Searches the best sequences with <see cref="GenerationOptions.Beams"/> beams.</summary>
    /// <param name="prompts">Token ids; none may be empty.</param>
    /// <param name="options">How to search and when to stop.</param>
    /// <param name="cancellationToken">Checked before every token.</param>
    /// <returns>For each prompt up to <see cref="GenerationOptions.Beams"/> sequences, best first.</returns>
    /// <exception cref="ArgumentException">As <see cref="Generate"/>.</exception>
    /// <exception cref="CheckFailedException">The model's output is not a number.</exception>
    public IReadOnlyList<IReadOnlyList<ScoredSequence>> Search(
        IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        Check(prompts, options);
        if (prompts.Count == 0 || options.MaxNewTokens == 0)
        {
            return [.. prompts.Select(_ => Array.Empty<ScoredSequence>())];
        }

        using var session = _open(prompts, options.Beams, options);
        return new BeamSearch(session, options, ids => HasStopped(ids, options)).Run(prompts.Count, cancellationToken);
    }

    /// <summary>Refuses scores that are no numbers; −∞ is a token that never comes.</summary>
    internal static void CheckScores(ReadOnlySpan<float> scores, int prompt)
    {
        foreach (var score in scores)
        {
            if (float.IsNaN(score) || float.IsPositiveInfinity(score))
            {
                throw new CheckFailedException($"Sequence {prompt}: the model's output is not a number. Its weights are damaged or training diverged.");
            }
        }
    }

    private int[][] Continue(
        DecodingSession session, int prompts, GenerationOptions options, RandomStream random, Action<int, int>? onToken, CancellationToken cancellationToken)
    {
        var chooser = new TokenChooser(options);
        var draws = options.Temperature > 0;
        RandomStream[] chances = [.. Enumerable.Range(0, prompts).Select(_ => draws ? new RandomStream((long)random.NextUInt64(), "sequence") : random)];
        var added = new List<int>[prompts];
        var read = new List<int>[prompts];
        var stops = Array.ConvertAll(added, _ => new StopStringMatcher(options.StopStrings));
        var pending = new IReadOnlyList<int>[prompts];
        for (var i = 0; i < prompts; i++)
        {
            added[i] = [];
            pending[i] = session.Start(i);
            read[i] = [.. pending[i]];
        }

        while (pending.Any(tokens => tokens.Count > 0))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = session.Read(pending);
            var row = 0;
            for (var i = 0; i < prompts; i++)
            {
                if (pending[i].Count == 0)
                {
                    continue;
                }

                var scores = rows[row++];
                CheckScores(scores, i);
                var id = chooser.Choose(CollectionsMarshal.AsSpan(read[i]), added[i].Count, scores, chances[i]);
                added[i].Add(id);
                read[i].Add(id);
                onToken?.Invoke(i, id);
                stops[i].Add(options.StopStrings.Count > 0 ? _tokenizer!.TokenBytes(id).Span : []);
                var ends = added[i].Count == options.MaxNewTokens || options.StopIds.Contains(id) || stops[i].HasStopped;
                pending[i] = ends ? [] : [id];
            }
        }

        return Array.ConvertAll(added, ids => ids.ToArray());
    }

    private bool HasStopped(IReadOnlyList<int> ids, GenerationOptions options)
    {
        if (options.StopStrings.Count == 0)
        {
            return false;
        }

        var matcher = new StopStringMatcher(options.StopStrings);
        foreach (var id in ids)
        {
            matcher.Add(_tokenizer!.TokenBytes(id).Span);
        }

        return matcher.HasStopped;
    }

    private void Check(IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options)
    {
        string[] problems = [.. options.Problems()];
        if (problems.Length > 0)
        {
            throw new ArgumentException(string.Join("; ", problems) + ".", nameof(options));
        }

        if (options.StopStrings.Count > 0 && _tokenizer is null)
        {
            throw new ArgumentException("Stop strings need a generator that was given the tokenizer.", nameof(options));
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
