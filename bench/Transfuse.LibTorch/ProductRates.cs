using System.Globalization;
using System.Runtime.InteropServices;
using Transfuse.Benchmarks.Shared;
using static TorchSharp.torch;

namespace Transfuse.LibTorch;

/// <summary>Rates of matrix products, forward (NT), gradient of the input (NN) and of the weight (TN, accumulated), in the lines of <c>Transfuse.Benchmarks gemm</c>.</summary>
internal static partial class ProductRates
{
    /// <summary>Measures each of <paramref name="shapes"/>, written <c>tokens,output,input</c>.</summary>
    internal static void Run(bool bfloat16, string[] shapes)
    {
        var type = bfloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        foreach (var shape in shapes)
        {
            using var scope = NewDisposeScope();
            var sizes = shape.Split(',').Select(size => long.Parse(size, CultureInfo.InvariantCulture)).ToArray();
            var (tokens, output, input) = (sizes[0], sizes[1], sizes[2]);
            // Small values: products that are added up again and again must stay finite.
            var (x, w, y) = (full(tokens, input, 1e-6, type), full(output, input, 1e-6, type), full(tokens, output, 1e-6, type));
            var (wTransposed, yTransposed) = (w.t(), y.t());
            var flops = 2.0 * tokens * output * input;
            var forward = ProductTable.Rate(flops, () => Multiply(x, wTransposed, y));
            var inputGradient = ProductTable.Rate(flops, () => Multiply(y, w, x));
            var weightGradient = ProductTable.Rate(flops, () => w.addmm_(yTransposed, x, beta: 1, alpha: 1));
            ProductTable.WriteLine(tokens, output, input, forward, inputGradient, weightGradient);
        }
    }

    private static void Multiply(Tensor left, Tensor right, Tensor product)
    {
        if (MultiplyInto(product.Handle, left.Handle, right.Handle) != 0)
        {
            throw new InvalidOperationException("libtorch refused a product.");
        }
    }

    // torch.mm(left, right, out=product), which TorchSharp does not offer.
    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_cpu_mm_out")]
    private static partial int MultiplyInto(nint product, nint left, nint right);
}
