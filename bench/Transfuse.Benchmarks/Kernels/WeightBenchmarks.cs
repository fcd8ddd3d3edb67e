using BenchmarkDotNet.Attributes;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>
/// Products x·Wᵀ with a weight that is read with only, which rests as a loaded model keeps it: packed, or as the file has it. A token, some sequences, a text.
/// Bytes are those of the file's weight and of the rows.
/// </summary>
public class WeightBenchmarks : KernelBenchmark
{
    private const int Outputs = 5632, Inputs = 2048;

    private Tensor? _x, _weight, _destination;

    [Params(DType.F32, DType.BF16, DType.Q8_0, DType.Q4_0)]
    public DType Type { get; set; }

    [Params(1, 16, 512)]
    public int Rows { get; set; }

    internal override (double Operations, double Bytes) Work =>
        (2.0 * Rows * Outputs * Inputs, Type.ByteCount((long)Outputs * Inputs) + (4.0 * Rows * (Outputs + Inputs)));

    [Benchmark]
    public void MatMul() => Device.MatMul(MatMulLayout.NT, _x!, _weight!, _destination!);

    protected override void Prepare()
    {
        _x = Normal(Rows, Inputs);
        _destination = Normal(Rows, Outputs);
        _weight = Normal(Outputs, Inputs);
        if (Type != DType.F32)
        {
            var stored = Keep(Tensor.AllocateResting(Device.Memory, Inputs, new RestingSection(Outputs, Type)));
            for (var row = 0; row < Outputs; row++)
            {
                BlockFormat.Narrow(Type, _weight.Row(row), stored.RestingRow(row));
            }

            _weight = stored;
        }

        if (Device.PackWeight(_weight, exact: false) is { } packed)
        {
            _weight = Keep(packed);
        }
    }
}
