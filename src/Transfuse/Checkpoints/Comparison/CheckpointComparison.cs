using Transfuse.Diagnostics;

namespace Transfuse.Checkpoints.Comparison;

/// <summary>Compares two checkpoints tensor by tensor. A piece of one tensor is in memory at a time, or all of one that GGUF has transposed.</summary>
public static class CheckpointComparison
{
    private const int PieceElements = 1 << 18;

    /// <summary>Compares all tensors, sorted by name, as they are asked for.</summary>
    /// <param name="a">One checkpoint.</param>
    /// <param name="b">The other one.</param>
    /// <param name="progress">Hears of every tensor.</param>
    /// <param name="cancellation">Checked before every piece.</param>
    /// <exception cref="Errors.ModelFormatException">A file was cut off.</exception>
    public static IEnumerable<TensorComparison> Compare(TensorSet a, TensorSet b, IProgress<RunEvent>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return CompareAll(a.Tensors, b.Tensors, progress, cancellation);
    }

    private static IEnumerable<TensorComparison> CompareAll(
        IReadOnlyDictionary<string, StoredTensor> a, IReadOnlyDictionary<string, StoredTensor> b, IProgress<RunEvent>? progress, CancellationToken cancellation)
    {
        string[] names = [.. a.Keys.Union(b.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        for (var i = 0; i < names.Length; i++)
        {
            var comparison = new TensorComparison(names[i], a.GetValueOrDefault(names[i]), b.GetValueOrDefault(names[i]), null);
            yield return comparison.HasSameShape ? comparison with { Values = CompareValues(comparison.A!, comparison.B!, cancellation) } : comparison;
            progress?.Report(new ProgressEvent("diff", i + 1, names.Length, "tensors", names[i]));
        }
    }

    private static ValueDifference? CompareValues(StoredTensor a, StoredTensor b, CancellationToken cancellation)
    {
        var sums = new DifferenceSums();
        var step = Math.Max(1, PieceElements / a.Columns) * a.Columns;
        if ((a.IsDouble || b.IsDouble) && a.OpenDoubles() is { } doublesA && b.OpenDoubles() is { } doublesB)
        {
            ReadBoth(doublesA, doublesB, a.ElementCount, step, sums.Add, cancellation);
            return sums.Total();
        }

        if (a.OpenSingles() is { } singlesA && b.OpenSingles() is { } singlesB)
        {
            ReadBoth(singlesA, singlesB, a.ElementCount, step, sums.Add, cancellation);
            return sums.Total();
        }

        if (!string.Equals(a.Type, b.Type, StringComparison.Ordinal) || a.OpenBytes() is not { } bytesA || b.OpenBytes() is not { } bytesB)
        {
            return null;
        }

        var (size, different) = (a.ElementBytes, 0L);
        ReadBoth(
            bytesA, bytesB, a.ElementCount * size, (long)PieceElements * size, (left, right) => different += CountDifferent(left, right, size), cancellation);
        return new ValueDifference { Elements = a.ElementCount, Different = different };
    }

    private static void ReadBoth<T>(TensorReader<T> a, TensorReader<T> b, long count, long step, TakePair<T> take, CancellationToken cancellation)
    {
        var length = checked((int)Math.Min(step, count));
        var (left, right) = (new T[length], new T[length]);
        for (var start = 0L; start < count; start += length)
        {
            cancellation.ThrowIfCancellationRequested();
            var piece = (int)Math.Min(length, count - start);
            a(left.AsSpan(0, piece));
            b(right.AsSpan(0, piece));
            take(left.AsSpan(0, piece), right.AsSpan(0, piece));
        }
    }

    private static long CountDifferent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int size)
    {
        var different = 0L;
        for (var start = 0; start < left.Length; start += size)
        {
            different += left.Slice(start, size).SequenceEqual(right.Slice(start, size)) ? 0 : 1;
        }

        return different;
    }

    private delegate void TakePair<T>(ReadOnlySpan<T> left, ReadOnlySpan<T> right);
}
