using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>What has to hold before the kernels may use addresses.</summary>
internal static class AttentionChecks
{
    /// <summary>The options by themselves.</summary>
    internal static void Options(AttentionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.HeadSize, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.KeyValueHeads, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.Window, nameof(options));
        if (options.QueryHeads <= 0 || options.QueryHeads % options.KeyValueHeads != 0)
        {
            throw new ArgumentException(
                $"Attention: {options.QueryHeads} query heads are no positive multiple of {options.KeyValueHeads} key/value heads.", nameof(options));
        }

        if (options.AlibiSlopes is { } slopes && slopes.Count != options.QueryHeads)
        {
            throw new ArgumentException(
                $"Attention: {slopes.Count} ALiBi slopes for {options.QueryHeads} query heads; give one each.", nameof(options));
        }

        if (options.RelativeBias?.Problems().FirstOrDefault() is { } problem)
        {
            throw new ArgumentException($"Attention: the relative bias has {problem}.", nameof(options));
        }
    }

    /// <summary>That there is a bias where the options ask for one, of the right size, and none otherwise.</summary>
    internal static void Bias(string operation, string name, Tensor? bias, AttentionOptions options)
    {
        if (options.RelativeBias is { } buckets && bias is not null)
        {
            Matrix(operation, name, bias, buckets.Count, options.QueryHeads);
        }
        else if (options.RelativeBias is not null || bias is not null)
        {
            throw new ArgumentException(
                bias is null ? $"{operation}: the options have a relative bias, but its table is missing." : $"{operation}: a bias is given, but the options have none.",
                nameof(bias));
        }
    }

    /// <summary>That every head lies within the rows of <paramref name="tensor"/> and heads do not overlap.</summary>
    internal static void Heads(string operation, string name, Tensor tensor, HeadLayout layout, int heads, int headSize)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        var end = layout.Offset + ((heads - 1) * (long)layout.Stride) + headSize;
        if (layout.Offset < 0 || (heads > 1 && layout.Stride < headSize) || end > tensor.Columns)
        {
            throw new ShapeMismatchException(
                operation,
                $"{name} {tensor.Shape} with {heads} heads of {headSize} from column {layout.Offset}, {layout.Stride} apart",
                "heads that do not overlap and end within the columns");
        }
    }

    /// <summary>The same for keys or values that are only read: heads may also lie in rows of their own, one below the other.</summary>
    /// <returns>Rows that segments may name.</returns>
    internal static int ReadHeads(string operation, string name, Tensor tensor, HeadLayout layout, int heads, int headSize)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        var columns = tensor.Columns;
        if (layout.Offset < columns && (heads == 1 || layout.Stride < columns))
        {
            Heads(operation, name, tensor, layout, heads, headSize);
            return tensor.Rows;
        }

        var below = columns == 0 ? long.MaxValue : (layout.Offset + ((heads - 1) * (long)layout.Stride)) / columns;
        return below < tensor.Rows && (layout.Offset % columns) + headSize <= columns && (heads == 1 || layout.Stride % columns == 0)
            ? tensor.Rows - (int)below
            : throw new ShapeMismatchException(
                operation,
                $"{name} {tensor.Shape} with {heads} heads of {headSize} from column {layout.Offset}, {layout.Stride} apart",
                "heads that lie whole rows below one another, within the columns and the rows");
    }

    /// <summary>That <paramref name="tensor"/> is a matrix of the given size.</summary>
    internal static void Matrix(string operation, string name, Tensor tensor, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw new ShapeMismatchException(operation, $"{name} {tensor.Shape}", $"[{rows}, {columns}]");
        }
    }

    /// <summary>That segments lie within the rows, and that every query row is in exactly one.</summary>
    internal static void Segments(ReadOnlySpan<AttentionSegment> segments, int queryRows, int keyRows)
    {
        for (var i = 0; i < segments.Length; i++)
        {
            var (queryStart, queryCount, keyStart, keyCount) = segments[i];
            if (queryStart < 0 || queryCount < 0 || keyStart < 0 || keyCount < 0
                || (long)queryStart + queryCount > queryRows || (long)keyStart + keyCount > keyRows)
            {
                throw new ArgumentException(
                    $"Attention: segment {i} {segments[i]} leaves the {queryRows} query rows or the {keyRows} key rows.", nameof(segments));
            }
        }

        if (Covered(segments, ofKeys: false, out var overlap) != queryRows || overlap >= 0)
        {
            throw new ArgumentException(
                overlap >= 0
                    ? $"Attention: query row {overlap} belongs to more than one segment."
                    : $"Attention: the segments leave out some of the {queryRows} query rows.",
                nameof(segments));
        }
    }

    /// <summary>That no key belongs to two segments: each writes its keys' gradients whole. True if together they have all keys.</summary>
    internal static bool KeysDisjoint(ReadOnlySpan<AttentionSegment> segments, int keyRows)
    {
        var covered = Covered(segments, ofKeys: true, out var overlap);
        return overlap < 0
            ? covered == keyRows
            : throw new ArgumentException(
                $"AttentionBackward: key row {overlap} belongs to more than one segment; its gradient would be overwritten.", nameof(segments));
    }

    // Number of rows in the segments' ranges, and the first row found in two of them or −1. Ranges in ascending order, as they usually
    // come, need no memory.
    private static long Covered(ReadOnlySpan<AttentionSegment> segments, bool ofKeys, out int overlap)
    {
        long covered = 0;
        long end = 0;
        var ascending = true;
        overlap = -1;
        foreach (var segment in segments)
        {
            var (start, count) = Range(segment, ofKeys);
            covered += count;
            ascending &= count == 0 || start >= end;
            end = count == 0 ? end : (long)start + count;
        }

        if (!ascending)
        {
            var sorted = segments.ToArray();
            Array.Sort(sorted, (a, b) => Range(a, ofKeys).CompareTo(Range(b, ofKeys)));
            overlap = FirstOverlap(sorted, ofKeys);
        }

        return covered;
    }

    private static int FirstOverlap(AttentionSegment[] sorted, bool ofKeys)
    {
        long end = 0;
        foreach (var segment in sorted)
        {
            var (start, count) = Range(segment, ofKeys);
            if (count > 0 && start < end)
            {
                return start;
            }

            end = Math.Max(end, (long)start + count);
        }

        return -1;
    }

    private static (int Start, int Count) Range(in AttentionSegment segment, bool ofKeys) =>
        ofKeys ? (segment.KeyStart, segment.KeyCount) : (segment.QueryStart, segment.QueryCount);
}
