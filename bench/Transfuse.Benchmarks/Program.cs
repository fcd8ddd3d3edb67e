using System.Globalization;
using BenchmarkDotNet.Running;
using Transfuse.Benchmarks;
using Transfuse.Benchmarks.Inference;
using Transfuse.Benchmarks.Training;
using Transfuse.Tensors.Devices;

// What the scripts beside this project call; anything else goes to BenchmarkDotNet (try --list flat).
switch (args)
{
    case ["gemm-peak", .. var precision]:
        GemmPeak.Run(PrecisionOf(precision));
        return 0;
    case ["gemm", var threads, .. var precision]:
        GemmRates.Run(PrecisionOf(precision), int.Parse(threads, CultureInfo.InvariantCulture));
        return 0;
    case ["gradient", var config, var folder, .. var precision]:
        ReferenceRun.WriteGradient(ReferenceModel.Named(config), folder, PrecisionOf(precision));
        return 0;
    case ["training", var config, var folder, var steps, .. var precision]:
        ReferenceRun.Train(ReferenceModel.Named(config), folder, Number(steps), PrecisionOf(precision));
        return 0;
    case ["forward", var config, var folder, var passes, .. var precision]:
        ReferenceRun.Forward(ReferenceModel.Named(config), folder, Number(passes), PrecisionOf(precision));
        return 0;
    case ["decode", var gguf, var prompt, var tokens, var rounds, var threads, .. var precision]:
        InferenceRun.Decode(gguf, Number(prompt), Number(tokens), Number(rounds), Number(threads), PrecisionOf(precision));
        return 0;
    case ["score", var gguf, var tokens, var rounds, var threads, .. var precision]:
        InferenceRun.Score(gguf, Number(tokens), Number(rounds), Number(threads), PrecisionOf(precision));
        return 0;
    case ["tokenizer-json", var source, var folder]:
        TokenizerRun.WriteJson(source, folder);
        return 0;
    case ["tokenize", var tokenizer, var text, var threads]:
        TokenizerRun.Run(tokenizer, text, Number(threads));
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}

static ProductPrecision PrecisionOf(string[] word) => word switch { ["bf16"] => ProductPrecision.BFloat16, ["int8"] => ProductPrecision.Int8, _ => ProductPrecision.Float32 };

static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
