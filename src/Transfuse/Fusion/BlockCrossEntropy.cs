namespace Transfuse.Fusion;

/// <summary>
/// FuseLLM's metric of packed blocks: documents are laid end to end and cut into blocks of equal length, the last one short; a block's
/// cross entropy is the mean over its tokens of their documents' cross entropies.
/// </summary>
public static class BlockCrossEntropy
{
    /// <summary>The cross entropy of each block.</summary>
    /// <param name="lengths">Target tokens of each document.</param>
    /// <param name="crossEntropies">Cross entropy of each document.</param>
    /// <param name="blockLength">Target tokens of a block.</param>
    public static double[] Of(ReadOnlySpan<int> lengths, ReadOnlySpan<double> crossEntropies, int blockLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(crossEntropies.Length, lengths.Length, nameof(crossEntropies));
        var blocks = new List<double>();
        var (sum, filled) = (0.0, 0);
        for (var document = 0; document < lengths.Length; document++)
        {
            for (var left = lengths[document]; left > 0;)
            {
                var taken = Math.Min(left, blockLength - filled);
                sum += taken * crossEntropies[document];
                filled += taken;
                left -= taken;
                if (filled == blockLength)
                {
                    blocks.Add(sum / filled);
                    (sum, filled) = (0, 0);
                }
            }
        }

        if (filled > 0)
        {
            blocks.Add(sum / filled);
        }

        return [.. blocks];
    }
}
