using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

/// <summary>Arrays behind a <see cref="SparseTargets"/>.</summary>
internal sealed record CrossEntropyTeacher(int[] Starts, int[] Ids, float[] Probabilities, float[] Rest, float[] Weights)
{
    internal SparseTargets Targets => new() { RowStarts = Starts, Ids = Ids, Probabilities = Probabilities, RestMass = Rest, Weights = Weights };

    // Nothing, one id, several, or all but one; some without rest, some without weight.
    internal static CrossEntropyTeacher Random(int n, int v, RandomStream random)
    {
        var (starts, ids, probabilities) = (new List<int> { 0 }, new List<int>(), new List<float>());
        var (rest, weights) = (new float[n], new float[n]);
        for (var row = 0; row < n; row++)
        {
            var kept = Enumerable.Range(0, v).ToArray();
            random.Shuffle<int>(kept);
            var count = Math.Clamp((row % 5) switch { 0 => 0, 1 => 1, 2 => v - 1, _ => 10 }, 0, v);
            var masses = Enumerable.Range(0, count + 1).Select(_ => random.NextSingle()).ToArray();
            ids.AddRange(kept[..count]);
            probabilities.AddRange(masses[..count].Select(mass => mass / masses.Sum()));
            starts.Add(ids.Count);
            rest[row] = row % 3 == 0 || count == v ? 0 : masses[^1] / masses.Sum();
            weights[row] = row % 7 == 0 ? 0 : random.NextSingle();
        }

        return new CrossEntropyTeacher([.. starts], [.. ids], [.. probabilities], rest, weights);
    }
}
