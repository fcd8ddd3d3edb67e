namespace Transfuse.Generation;

/// <summary>
/// Beam search for one prompt: the sequences that run, the best that have finished, and whether going on can improve them. The rules are those
/// of transformers 5: of the candidates only the best <c>Beams</c> may finish, scores are divided by length^penalty.
/// </summary>
internal sealed class BeamState(GenerationOptions options, Func<IReadOnlyList<int>, bool> hasStopped)
{
    private readonly List<ScoredSequence> _finished = [];
    private List<(List<int> Ids, double Score)> _running = [([], 0)];
    private bool _canImprove = true;

    /// <summary>New ids of each running sequence.</summary>
    internal IReadOnlyList<List<int>> Running => _running.ConvertAll(beam => beam.Ids);

    /// <summary>Whether the search is over.</summary>
    internal bool IsDone => _running.Count == 0 || !_canImprove || (options.EarlyStopping == EarlyStopping.WhenFull && IsFull);

    /// <summary>The finished sequences, best first.</summary>
    internal IReadOnlyList<ScoredSequence> Finished => _finished;

    private bool IsFull => _finished.Count == options.Beams;

    // Every running sequence can meet each stop id once; enough others must be left over.
    private int CandidateCount => Math.Max(2, 1 + options.StopIds.Count) * options.Beams;

    /// <summary>Takes one step with the log-probabilities of the next token of each running sequence.</summary>
    /// <returns>For each sequence that runs on, the one it continues and the id it adds.</returns>
    internal IReadOnlyList<(int Parent, int Id)> Advance(IReadOnlyList<float[]> logProbabilities)
    {
        var moves = new List<(int Parent, int Id)>();
        var next = new List<(List<int> Ids, double Score)>();
        var wasOpen = !(options.EarlyStopping == EarlyStopping.WhenFull && IsFull);
        var rank = 0;
        foreach (var (parent, id, score) in Candidates(logProbabilities))
        {
            List<int> ids = [.. _running[parent].Ids, id];
            if (ids.Count == options.MaxNewTokens || options.StopIds.Contains(id) || hasStopped(ids))
            {
                if (rank < options.Beams && wasOpen)
                {
                    _finished.Add(new ScoredSequence([.. ids], score / LengthFactor(ids.Count)));
                }
            }
            else if (next.Count < options.Beams)
            {
                next.Add((ids, score));
                moves.Add((parent, id));
            }

            rank++;
        }

        // A stable sort: of equal scores the one that finished first.
        ScoredSequence[] best = [.. _finished.OrderByDescending(sequence => sequence.Score).Take(options.Beams)];
        _finished.Clear();
        _finished.AddRange(best);
        _running = next;
        _canImprove &= CanImprove();
        return IsDone ? [] : moves;
    }

    private bool CanImprove()
    {
        if (_running.Count == 0 || !IsFull)
        {
            return _running.Count > 0;
        }

        var length = options.EarlyStopping == EarlyStopping.Never && options.LengthPenalty > 0 ? options.MaxNewTokens : _running[0].Ids.Count;
        return _running[0].Score / LengthFactor(length) > _finished[^1].Score;
    }

    // The best continuations of all running sequences, best first.
    private IEnumerable<(int Parent, int Id, double Score)> Candidates(IReadOnlyList<float[]> logProbabilities)
    {
        var best = new PriorityQueue<(int Parent, int Id, double Score), double>();
        for (var parent = 0; parent < _running.Count; parent++)
        {
            var row = logProbabilities[parent];
            for (var id = 0; id < row.Length; id++)
            {
                if (float.IsNegativeInfinity(row[id]))
                {
                    continue;
                }

                var score = _running[parent].Score + row[id];
                if (best.Count < CandidateCount)
                {
                    best.Enqueue((parent, id, score), score);
                }
                else if (score > best.Peek().Score)
                {
                    best.EnqueueDequeue((parent, id, score), score);
                }
            }
        }

        return best.UnorderedItems.Select(item => item.Element).OrderByDescending(item => item.Score).ThenBy(item => item.Parent).ThenBy(item => item.Id);
    }

    private double LengthFactor(int length) => Math.Pow(length, options.LengthPenalty);
}
