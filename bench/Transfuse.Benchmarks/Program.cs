using System.Globalization;
using BenchmarkDotNet.Running;
using Transfuse.Benchmarks;
using Transfuse.Benchmarks.Training;

// What the scripts beside this project call; anything else goes to BenchmarkDotNet (try --list flat).
switch (args)
{
    case ["gemm-peak"]:
        GemmPeak.Run();
        return 0;
    case ["gradient", var config, var folder]:
        ReferenceRun.WriteGradient(ReferenceModel.Named(config), folder);
        return 0;
    case ["training", var config, var folder, var steps]:
        ReferenceRun.Train(ReferenceModel.Named(config), folder, int.Parse(steps, CultureInfo.InvariantCulture));
        return 0;
    case ["forward", var config, var folder, var passes]:
        ReferenceRun.Forward(ReferenceModel.Named(config), folder, int.Parse(passes, CultureInfo.InvariantCulture));
        return 0;
    case ["tokenizer-json", var source, var folder]:
        TokenizerRun.WriteJson(source, folder);
        return 0;
    case ["tokenize", var tokenizer, var text, var threads]:
        TokenizerRun.Run(tokenizer, text, int.Parse(threads, CultureInfo.InvariantCulture));
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}
