using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Transfuse.LibTorch;

/// <summary>
/// <c>torch.optim.AdamW(fused=True)</c>: all parameters in one call of PyTorch's kernel. TorchSharp does not offer it, so the operator
/// <c>_fused_adamw_</c> is called by its mangled name.
/// </summary>
internal sealed unsafe partial class FusedAdamW(Parameter[] parameters, AdamWSettings settings) : IDisposable
{
    private readonly Tensor[] _firstMoments = [.. parameters.Select(p => zeros_like(p))];
    private readonly Tensor[] _secondMoments = [.. parameters.Select(p => zeros_like(p))];
    private readonly Tensor[] _steps = [.. parameters.Select(_ => zeros(1))];

    /// <summary>Updates the parameters by their gradients.</summary>
    internal void Step()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        foreach (var step in _steps)
        {
            step.add_(1);
        }

        var none = stackalloc long[2];
        (none[0], none[1]) = (0, 0);
        fixed (nint* weights = Bare(parameters), gradients = Bare(parameters.Select(p => p.grad!)))
        fixed (nint* first = Bare(_firstMoments), second = Bare(_secondMoments), steps = Bare(_steps))
        {
            var count = parameters.Length;
            Call(
                new(weights, count), new(gradients, count), new(first, count), new(second, count), default, new(steps, count), settings.LearningRate,
                settings.Beta1, settings.Beta2, settings.WeightDecay, settings.Epsilon, amsgrad: false, maximize: false, none, none);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[.. _firstMoments, .. _secondMoments, .. _steps])
        {
            tensor.Dispose();
        }
    }

    // A handle points to a Tensor of C++, which is one pointer; the kernel takes an array of those.
    private static nint[] Bare(IEnumerable<Tensor> tensors) => [.. tensors.Select(tensor => *(nint*)tensor.Handle)];

    [LibraryImport(
        "torch_cpu", EntryPoint = "_ZN2at4_ops13_fused_adamw_4callEN3c108ArrayRefINS_6TensorEEES5_S5_S5_S5_S5_dddddbbRKSt8optionalIS4_ES9_")]
    private static partial void Call(
        TensorList weights, TensorList gradients, TensorList firstMoments, TensorList secondMoments, TensorList largestSecondMoments, TensorList steps,
        double learningRate, double beta1, double beta2, double weightDecay, double epsilon, [MarshalAs(UnmanagedType.U1)] bool amsgrad,
        [MarshalAs(UnmanagedType.U1)] bool maximize, long* gradientScale, long* foundInfinity);

    // ArrayRef<Tensor>: passed by value as pointer and length.
    private readonly struct TensorList(nint* first, long count)
    {
        private readonly nint* _first = first;
        private readonly long _count = count;
    }
}
