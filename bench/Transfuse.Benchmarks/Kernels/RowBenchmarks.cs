using BenchmarkDotNet.Attributes;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>Kernels that memory bounds, on the activations of 4096 tokens of a small model. Bytes are those that the kernel cannot do without.</summary>
public class RowBenchmarks : KernelBenchmark
{
    private const int Tokens = 4096, Hidden = 512, Inner = 1376;

    private Tensor? _x, _y, _weight, _inverse, _gateUp, _product, _dGateUp;

    [ParamsAllValues]
    public RowKernel Operation { get; set; }

    internal override (double Operations, double Bytes) Work => (0, sizeof(float) * (double)Tokens * (Operation switch
    {
        RowKernel.Add => 3 * Hidden,
        RowKernel.RmsNorm => 2 * Hidden,
        RowKernel.Gated => 3 * Inner,
        _ => 5 * Inner,
    }));

    [Benchmark]
    public void Run()
    {
        switch (Operation)
        {
            case RowKernel.Add:
                Device.Add(_x!, _y!, _y!);
                break;
            case RowKernel.RmsNorm:
                Device.RmsNorm(_x!, _weight!, 0, 1e-5f, _y!, _inverse!);
                break;
            case RowKernel.Gated:
                Device.Gated(ActivationKind.Silu, _gateUp!, _product!);
                break;
            default:
                Device.GatedBackward(ActivationKind.Silu, _gateUp!, _product!, _dGateUp!);
                break;
        }
    }

    protected override void Prepare()
    {
        _x = Normal(Tokens, Hidden);
        _y = Normal(Tokens, Hidden);
        _weight = Normal(Hidden);
        _inverse = Normal(Tokens);
        _gateUp = Normal(Tokens, 2 * Inner);
        _product = Normal(Tokens, Inner);
        _dGateUp = Normal(Tokens, 2 * Inner);
    }
}
