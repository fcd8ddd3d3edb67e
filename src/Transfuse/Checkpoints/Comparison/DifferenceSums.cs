using System.Numerics;

namespace Transfuse.Checkpoints.Comparison;

/// <summary>Sums up, in double, how far two tensors are apart.</summary>
internal sealed class DifferenceSums
{
    private long _elements;
    private long _different;
    private long _notFinite;
    private double _largest;
    private double _squaresOfA;
    private double _squaresOfB;
    private double _products;
    private double _squaresOfDifference;

    /// <summary>Adds the next elements of both.</summary>
    internal void Add<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        _elements += a.Length;
        // Sums of a piece, so that a long tensor's last elements do not vanish beside a large total.
        double largest = 0, squaresOfA = 0, squaresOfB = 0, products = 0, squaresOfDifference = 0;
        for (var i = 0; i < a.Length; i++)
        {
            if (!T.IsFinite(a[i]) || !T.IsFinite(b[i]))
            {
                _notFinite++;
                _different += a[i].Equals(b[i]) ? 0 : 1;
                continue;
            }

            double left = double.CreateTruncating(a[i]), right = double.CreateTruncating(b[i]);
            var difference = left - right;
            squaresOfA += left * left;
            squaresOfB += right * right;
            products += left * right;
            if (difference != 0)
            {
                _different++;
                largest = Math.Max(largest, Math.Abs(difference));
                squaresOfDifference += difference * difference;
            }
        }

        _largest = Math.Max(_largest, largest);
        _squaresOfA += squaresOfA;
        _squaresOfB += squaresOfB;
        _products += products;
        _squaresOfDifference += squaresOfDifference;
    }

    /// <summary>What has been added.</summary>
    internal ValueDifference Total() => new()
    {
        Elements = _elements,
        Different = _different,
        NotFinite = _notFinite,
        Largest = _largest,
        SquaresOfA = _squaresOfA,
        SquaresOfB = _squaresOfB,
        Products = _products,
        SquaresOfDifference = _squaresOfDifference,
    };
}
