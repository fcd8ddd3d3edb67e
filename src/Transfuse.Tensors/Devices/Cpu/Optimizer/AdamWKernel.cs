using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>
/// One AdamW step (Loshchilov and Hutter 2019): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
/// p ← p(1 − ηλ) − η/(1 − β₁ᵗ)·m / (√v/√(1 − β₂ᵗ) + ε). The constants are computed in double. Traffic: 28 bytes an element.
/// </summary>
internal readonly unsafe struct AdamWKernel : IElementwiseKernel
{
    private readonly Operand _parameter;
    private readonly Operand _gradient;
    private readonly Operand _first;
    private readonly Operand _second;
    private readonly float _gradientScale;
    private readonly float _beta1;
    private readonly float _oneMinusBeta1;
    private readonly float _beta2;
    private readonly float _oneMinusBeta2;
    private readonly float _shrink;
    private readonly float _negativeStep;
    private readonly float _inverseRootCorrection;
    private readonly float _epsilon;

    internal AdamWKernel(Operand parameter, Operand gradient, Operand first, Operand second, in AdamWArguments arguments)
    {
        _parameter = parameter;
        _gradient = gradient;
        _first = first;
        _second = second;
        _gradientScale = arguments.GradientScale;
        _beta1 = arguments.Beta1;
        _oneMinusBeta1 = (float)(1 - (double)arguments.Beta1);
        _beta2 = arguments.Beta2;
        _oneMinusBeta2 = (float)(1 - (double)arguments.Beta2);
        _shrink = (float)(1 - ((double)arguments.LearningRate * arguments.WeightDecay));
        _negativeStep = (float)(-arguments.LearningRate / (1 - Math.Pow(arguments.Beta1, arguments.Step)));
        _inverseRootCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(arguments.Beta2, arguments.Step)));
        _epsilon = arguments.Epsilon;
    }

    /// <summary>The same step on other elements.</summary>
    internal AdamWKernel(in AdamWKernel step, Operand parameter, Operand gradient, Operand first, Operand second)
    {
        this = step;
        _parameter = parameter;
        _gradient = gradient;
        _first = first;
        _second = second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var gradient = lanes.Load<TVector>(_gradient.At(row, column)) * TVector.Create(_gradientScale);
        var firstAt = _first.At(row, column);
        var first = TVector.MultiplyAdd(
            TVector.Create(_beta1), lanes.Load<TVector>(firstAt), TVector.Create(_oneMinusBeta1) * gradient);
        lanes.Store(first, firstAt);

        var secondAt = _second.At(row, column);
        var second = TVector.MultiplyAdd(
            TVector.Create(_beta2), lanes.Load<TVector>(secondAt), TVector.Create(_oneMinusBeta2) * gradient * gradient);
        lanes.Store(second, secondAt);

        var denominator = TVector.MultiplyAdd(
            TVector.Sqrt(second), TVector.Create(_inverseRootCorrection), TVector.Create(_epsilon));
        var parameterAt = _parameter.At(row, column);
        var shrunk = lanes.Load<TVector>(parameterAt) * TVector.Create(_shrink);
        lanes.Store(TVector.MultiplyAdd(TVector.Create(_negativeStep), first / denominator, shrunk), parameterAt);
    }
}
