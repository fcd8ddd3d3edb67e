using Transfuse.Generation.Scores;

namespace Transfuse.Generation;

/// <summary>Beam search for several prompts at once; each finds what it would find alone.</summary>
internal sealed class BeamSearch(DecodingSession session, GenerationOptions options, Func<IReadOnlyList<int>, bool> hasStopped)
{
    private readonly ScorePipeline _pipeline = new(options);

    /// <summary>The sequences found for each prompt, best first.</summary>
    internal IReadOnlyList<IReadOnlyList<ScoredSequence>> Run(int prompts, CancellationToken cancellationToken)
    {
        var states = Enumerable.Range(0, prompts).Select(_ => new BeamState(options, hasStopped)).ToArray();
        var pending = new IReadOnlyList<int>[prompts * options.Beams];
        Array.Fill(pending, []);
        for (var prompt = 0; prompt < prompts; prompt++)
        {
            pending[prompt * options.Beams] = session.Start(prompt);
        }

        while (states.Any(state => !state.IsDone))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = new Queue<float[]>(session.Read(pending));
            int[] parents = [.. Enumerable.Range(0, pending.Length)];
            Array.Fill(pending, []);
            for (var prompt = 0; prompt < prompts; prompt++)
            {
                if (!states[prompt].IsDone)
                {
                    Advance(states[prompt], prompt, rows, parents, pending);
                }
            }

            session.Reorder(parents);
        }

        return Array.ConvertAll(states, state => state.Finished);
    }

    private void Advance(BeamState state, int prompt, Queue<float[]> rows, int[] parents, IReadOnlyList<int>[] pending)
    {
        var scores = new List<float[]>();
        foreach (var added in state.Running)
        {
            var row = rows.Dequeue();
            TextGenerator.CheckScores(row, prompt);
            Softmax.Log(row);
            _pipeline.Apply([.. session.Start(prompt), .. added], added.Count, row);
            scores.Add(row);
        }

        var first = prompt * options.Beams;
        var moves = state.Advance(scores);
        for (var beam = 0; beam < moves.Count; beam++)
        {
            parents[first + beam] = first + moves[beam].Parent;
            pending[first + beam] = [moves[beam].Id];
        }
    }
}
