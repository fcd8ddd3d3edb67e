using Transfuse.Benchmarks.Shared;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Benchmarks.Training;

/// <summary>Rates of matrix products on the shapes of small models, forward (NT), gradient of the input (NN) and of the weight (TN, accumulated).</summary>
internal static class GemmRates
{
    private static readonly (int Tokens, int Output, int Input)[] Shapes =
    [
        (4096, 288, 288), (4096, 864, 288), (4096, 1536, 288), (4096, 288, 768), (4096, 512, 512), (4096, 1536, 512), (4096, 2752, 512),
        (4096, 512, 1376), (4096, 1024, 1024), (512, 32000, 288), (512, 8192, 512), (2048, 640, 160), (2048, 160, 448),
    ];

    internal static void Run(ProductPrecision precision, int threads)
    {
        using var device = new CpuDevice(threads: threads, precision: precision);
        Console.WriteLine("| tokens, output, input | NT | NN | TN |\n|---|---|---|---|");
        foreach (var (tokens, output, input) in Shapes)
        {
            using var x = Filled(device, tokens, input);
            using var w = Filled(device, output, input);
            using var y = Filled(device, tokens, output);
            var flops = 2.0 * tokens * output * input;
            var forward = ProductTable.Rate(flops, () => device.MatMul(MatMulLayout.NT, x, w, y));
            var inputGradient = ProductTable.Rate(flops, () => device.MatMul(MatMulLayout.NN, y, w, x));
            var weightGradient = ProductTable.Rate(flops, () => device.MatMul(MatMulLayout.TN, y, x, w, w));
            ProductTable.WriteLine(tokens, output, input, forward, inputGradient, weightGradient);
        }
    }

    // Small values: products that are added up again and again must stay finite.
    private static Tensor Filled(CpuDevice device, int rows, int columns)
    {
        var tensor = device.Allocate(new Shape(rows, columns));
        tensor.Fill(1e-6f);
        return tensor;
    }
}
