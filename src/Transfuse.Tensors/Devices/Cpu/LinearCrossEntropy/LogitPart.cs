namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>What is known of a few neighbouring logits of a row. Sums run in float32 over the vectors of a part and in double across parts.</summary>
/// <param name="Maximum">The largest, −∞ if there is none above.</param>
/// <param name="Sum">Σ exp(z − maximum); 0 where all are −∞, not a number if a logit is.</param>
internal readonly record struct LogitPart(float Maximum, float Sum)
{
    /// <summary>The largest logit of all parts and log Σ exp z; not a number if a logit is.</summary>
    internal static (double Maximum, double LogSum) LogSumExp(ReadOnlySpan<LogitPart> parts)
    {
        var maximum = float.NegativeInfinity;
        foreach (var part in parts)
        {
            maximum = MathF.Max(maximum, part.Maximum);
        }

        var sum = 0.0;
        foreach (var part in parts)
        {
            sum += part.Sum == 0 ? 0 : part.Sum * Math.Exp((double)part.Maximum - maximum);
        }

        return (maximum, sum == 0 ? double.NegativeInfinity : maximum + Math.Log(sum));
    }
}
