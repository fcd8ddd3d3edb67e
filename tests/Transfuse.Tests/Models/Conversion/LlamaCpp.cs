using System.Globalization;
using System.Text.Json;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models.Conversion;

/// <summary>Holds what llama.cpp computes with a GGUF file against what we compute.</summary>
internal static class LlamaCpp
{
    /// <summary>Largest difference in the log-probabilities of every word of the vocabulary at every position but the last.</summary>
    internal static double LargestDifference(string file, LanguageModel model, Device device, int[] ids)
    {
        var ours = new SequenceScorer(model, device).Score([ids], model.VocabularySize).Single();
        var lines = Oracles.Llora(null, ["logits", file, "-t", "1", "--all", .. ids.Select(id => id.ToString(CultureInfo.InvariantCulture))])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(ids.Length, lines.Length);
        var largest = 0.0;
        for (var position = 0; position + 1 < ids.Length; position++)
        {
            using var line = JsonDocument.Parse(lines[position]);
            var sum = line.RootElement.GetProperty("logsumexp").GetDouble();
            double[] theirs = [.. line.RootElement.GetProperty("logits").EnumerateArray().Select(logit => logit.GetDouble() - sum)];
            Assert.Equal(model.VocabularySize, theirs.Length);
            foreach (var (id, logProbability) in ours.TopIdsAt(position + 1).ToArray().Zip(ours.TopLogProbabilitiesAt(position + 1).ToArray()))
            {
                var difference = Math.Abs(theirs[id] - logProbability);
                largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
            }
        }

        return largest;
    }
}
