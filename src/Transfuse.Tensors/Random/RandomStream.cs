namespace Transfuse.Tensors.Random;

/// <summary>
/// A counter-based generator (SplitMix64 of key + counter): the same seed and name give the same numbers on every machine, and the
/// whole state is one counter that a checkpoint can hold. Not thread safe; give each purpose its own name.
/// </summary>
public sealed class RandomStream
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;
    private readonly ulong _key;

    /// <summary>Starts the stream <paramref name="name"/> of <paramref name="seed"/>.</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="name">Purpose, for example <c>init</c>; different names give independent streams.</param>
    /// <param name="counter">Where to continue, 0 for the beginning.</param>
    public RandomStream(long seed, string name, ulong counter = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        var key = Mix((ulong)seed + GoldenGamma);
        foreach (var character in name)
        {
            key = Mix(key ^ character) + GoldenGamma;
        }

        _key = key;
        Counter = counter;
    }

    /// <summary>How many numbers were drawn: the state.</summary>
    public ulong Counter { get; internal set; }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64() => Hash(_key, ++Counter);

    /// <summary>Uniform in [0, 1), 24 bits.</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="exclusiveMaximum"/>).</summary>
    public int NextInt32(int exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMaximum);
        return (int)Math.BigMul(NextUInt64(), (ulong)exclusiveMaximum, out _);
    }

    /// <summary>Standard normal (Box and Muller, one of the pair); draws two numbers.</summary>
    public double NextNormal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Puts <paramref name="items"/> into random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>64 random bits that are a function of <paramref name="key"/> and <paramref name="counter"/> alone.</summary>
    internal static ulong Hash(ulong key, ulong counter) => Mix(key + (GoldenGamma * counter));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
