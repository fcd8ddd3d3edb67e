namespace Transfuse.Generation;

/// <summary>
/// Finds the first stop text in a text that grows by bytes, wherever the pieces are cut. It compares bytes, so a character may be spread over
/// several pieces.
/// </summary>
internal sealed class StopStringMatcher
{
    private readonly byte[][] _stops;
    private readonly List<byte> _pending = [];

    internal StopStringMatcher(IReadOnlyList<string> stops) => _stops = [.. stops.Select(System.Text.Encoding.UTF8.GetBytes)];

    /// <summary>Whether a stop text was found.</summary>
    internal bool HasStopped { get; private set; }

    /// <summary>Adds bytes and gives back those that are certain to be no part of a stop text; nothing after one was found.</summary>
    internal byte[] Add(ReadOnlySpan<byte> bytes)
    {
        if (HasStopped)
        {
            return [];
        }

        _pending.AddRange(bytes);
        var pending = _pending.ToArray();
        var found = -1;
        foreach (var stop in _stops)
        {
            var at = pending.AsSpan().IndexOf(stop);
            found = at >= 0 && (found < 0 || at < found) ? at : found;
        }

        HasStopped = found >= 0;
        return Release(HasStopped ? found : pending.Length - Held(pending));
    }

    /// <summary>What was held back, when nothing more comes.</summary>
    internal byte[] Complete() => HasStopped ? [] : Release(_pending.Count);

    private byte[] Release(int count)
    {
        var released = _pending[..count].ToArray();
        _pending.RemoveRange(0, count);
        return released;
    }

    // Bytes at the end that may turn out to begin a stop text.
    private int Held(byte[] pending)
    {
        var longest = 0;
        foreach (var stop in _stops)
        {
            for (var length = Math.Min(stop.Length - 1, pending.Length); length > longest; length--)
            {
                if (pending.AsSpan(pending.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
