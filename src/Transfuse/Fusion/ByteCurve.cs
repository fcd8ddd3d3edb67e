namespace Transfuse.Fusion;

/// <summary>
/// A source's negative log-likelihood up to a byte of the text, C(b): each token's is spread evenly over its bytes, so that sources
/// with different token boundaries are compared over the very same text. Tokens without bytes (EOS) are left out, and so is the first
/// token, which nothing predicts. Read at ascending bytes in one pass.
/// </summary>
internal struct ByteCurve
{
    private readonly int[] _ends;
    private readonly float[] _gold;
    private int _token;
    private double _before;

    internal ByteCurve(FusionSource source)
    {
        _ends = source.TokenEnds;
        _gold = source.GoldLogProbabilities;
        _token = 1;
        _before = 0;
    }

    /// <summary>C(b) in nats; <paramref name="position"/> must not descend from call to call.</summary>
    internal double At(int position)
    {
        while (_token < _ends.Length && _ends[_token] <= position)
        {
            _before += Cost(_token++);
        }

        if (_token >= _ends.Length || position <= _ends[_token - 1])
        {
            return _before;
        }

        var (start, end) = (_ends[_token - 1], _ends[_token]);
        return _before + (Cost(_token) * (position - start) / (end - start));
    }

    private readonly double Cost(int token) => _ends[token] > _ends[token - 1] ? -(double)_gold[token - 1] : 0;
}
