using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>
/// p ← shrink·p − u with u = min(rowFactor·columnFactor, largest)·g, or, where there is a first moment, m ← β₁m + (1 − β₁)u and p ← shrink·p − m. The row's
/// factor holds the step size too. Traffic: 12 bytes an element, 20 with a first moment.
/// </summary>
internal readonly unsafe struct AdafactorStepBody(
    float* parameter, float* gradient, float* first, int columns, WorkBlocks blocks, float* rowFactors, float* columnFactors,
    float largest, float shrink, float beta1) : ITierBody
{
    private readonly float* _parameter = parameter;
    private readonly float* _gradient = gradient;
    private readonly float* _first = first;
    private readonly float* _rowFactors = rowFactors;
    private readonly float* _columnFactors = columnFactors;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = blocks[task];
        for (var row = firstRow; row < endRow; row++)
        {
            var start = row * columns;
            var column = 0;
            for (; column + TVector.Count <= columns; column += TVector.Count)
            {
                var factor = TVector.Min(TVector.Create(_rowFactors[row]) * TVector.Load(_columnFactors + column), TVector.Create(largest));
                var update = factor * TVector.Load(_gradient + start + column);
                if (_first != null)
                {
                    var moment = TVector.MultiplyAdd(TVector.Create(beta1), TVector.Load(_first + start + column), TVector.Create(1 - beta1) * update);
                    TVector.Store(moment, _first + start + column);
                    update = moment;
                }

                var at = _parameter + start + column;
                TVector.Store((TVector.Create(shrink) * TVector.Load(at)) - update, at);
            }

            for (; column < columns; column++)
            {
                var update = MathF.Min(_rowFactors[row] * _columnFactors[column], largest) * _gradient[start + column];
                if (_first != null)
                {
                    update = _first[start + column] = (beta1 * _first[start + column]) + ((1 - beta1) * update);
                }

                _parameter[start + column] = (shrink * _parameter[start + column]) - update;
            }
        }
    }
}
