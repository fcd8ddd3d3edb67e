using Transfuse.Models;
using Transfuse.Tensors.Devices;

namespace Transfuse.Training;

/// <summary>What one forward and backward pass learns from.</summary>
/// <param name="Tokens">The documents of the batch.</param>
/// <param name="Labels">Token to predict after each token; −1 where a document ends.</param>
/// <param name="Teacher">
/// A teacher's distribution for each token, or null. Its weights say how much of the teacher term a row takes, 1 where a teacher has
/// spoken and 0 elsewhere; the trainer scales them.
/// </param>
public sealed record TrainingBatch(TokenBatch Tokens, int[] Labels, SparseTargets? Teacher = null)
{
    /// <summary>Number of tokens to predict.</summary>
    public int PredictedTokens
    {
        get
        {
            var count = 0;
            foreach (var label in Labels)
            {
                count += label >= 0 ? 1 : 0;
            }

            return count;
        }
    }
}
