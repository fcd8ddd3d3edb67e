using System.Text;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>A set of Unicode scalars: a condition, with the answers for ASCII in a table.</summary>
internal sealed class ScalarSet
{
    private readonly bool[] _ascii = new bool[128];
    private readonly Func<int, bool> _condition;

    public ScalarSet(Func<int, bool> condition)
    {
        _condition = condition;
        for (var i = 0; i < _ascii.Length; i++)
        {
            _ascii[i] = condition(i);
        }
    }

    /// <summary>A single scalar.</summary>
    public static ScalarSet Of(int scalar) => new(c => c == scalar);

    /// <summary>Whether the set has this scalar.</summary>
    public bool Contains(int scalar) => scalar < 128 ? _ascii[scalar] : _condition(scalar);

    /// <summary>All that is not in this set.</summary>
    public ScalarSet Complement() => new(c => !Contains(c));

    /// <summary>The union of sets.</summary>
    public static ScalarSet Union(IReadOnlyList<ScalarSet> sets) => sets.Count == 1 ? sets[0] : new(c =>
    {
        foreach (var set in sets)
        {
            if (set.Contains(c))
            {
                return true;
            }
        }

        return false;
    });

    /// <summary>What is in both.</summary>
    public ScalarSet Intersect(ScalarSet other) => new(c => Contains(c) && other.Contains(c));

    /// <summary>The set closed under simple case folding.</summary>
    public ScalarSet IgnoreCase() => new(c =>
    {
        if (Contains(c))
        {
            return true;
        }

        var folded = Scalars.Fold(c);
        return Contains(folded) || Contains(Rune.ToUpperInvariant(new Rune(folded)).Value)
            || (folded == 's' && Contains(0x17F)) || (folded == 'k' && Contains(0x212A)) || (folded == 0xE5 && Contains(0x212B));
    });
}
