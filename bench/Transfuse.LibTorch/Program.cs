using System.Globalization;
using Transfuse.LibTorch;

// What bench/training-vs-libtorch and bench/products-vs-pytorch call. FORMS: sdpa (fused attention), fused (the optimiser in one kernel).
switch (args)
{
    case [("A" or "B") and var config, ("f32" or "bf16") and var precision, ("train" or "eval" or "grad") and var mode, var steps, .. var forms]:
        using (var model = new PeerLlama(PeerShape.Named(config), ".", fusedAttention: forms.Contains("sdpa")))
        {
            var run = new PeerRun(model, precision is "bf16", fusedOptimizer: forms.Contains("fused"));
            run.Execute(mode, int.Parse(steps, CultureInfo.InvariantCulture));
        }

        return 0;
    case ["products", ("f32" or "bf16") and var precision, .. var shapes]:
        ProductRates.Run(precision is "bf16", shapes);
        return 0;
    default:
        Console.Error.WriteLine("usage: A|B f32|bf16 train|eval|grad STEPS [sdpa] [fused]   or   products f32|bf16 M,N,K...");
        return 2;
}
