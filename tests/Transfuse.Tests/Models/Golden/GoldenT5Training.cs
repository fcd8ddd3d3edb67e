using System.Text.Json;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tests.Models.Golden;

/// <summary>A run of optimiser steps of an encoder-decoder model, as a golden describes it.</summary>
internal static class GoldenT5Training
{
    /// <summary>Takes the steps and compares the loss before each and after the last, and whatever norms the run states.</summary>
    internal static void Follow(GoldenT5Case golden, EncoderDecoderModel model, Device device, JsonElement run)
    {
        foreach (var parameter in model.Parameters)
        {
            // The goldens decay every tensor.
            parameter.Decays = true;
        }

        var (name, options) = (run.GetProperty("optimizer").GetString()!, run.GetProperty("options"));
        using var optimizer = Optimizer(name, options, model, device, out var step);
        var batch = GoldenT5Tests.Batch(golden, model);
        var expected = Numbers(run, "losses_before_each_step_and_after_the_last");
        var clip = run.TryGetProperty("clip_grad_norm", out var norm) ? norm.GetDouble() : 0;
        var decays = run.TryGetProperty("schedule", out _);
        var rate = options.GetProperty("lr") is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : 0;
        double[] losses = new double[expected.Length], norms = new double[expected.Length - 1];
        for (var i = 0; i < losses.Length; i++)
        {
            losses[i] = GoldenT5Case.LossAndGradients(model, device, batch);
            if (i < norms.Length)
            {
                norms[i] = GradientClipping.GlobalNorm(device, model.Parameters);
                step(decays ? rate * (norms.Length - i) / norms.Length : rate, GradientClipping.ScaleFor(norms[i], clip));
            }
        }

        var tolerances = Numbers(run, "tolerance_abs_per_loss");
        for (var i = 0; i < losses.Length; i++)
        {
            golden.Case.Compare($"{name}: loss {i}", [expected[i]], [losses[i]], tolerances[i]);
        }

        if (run.TryGetProperty("gradient_norms_before_clipping", out _))
        {
            var wanted = Numbers(run, "gradient_norms_before_clipping");
            var relative = run.GetProperty("tolerance_rel_gradient_norm").GetDouble();
            golden.Case.Compare($"{name}: gradient norms", wanted, norms, relative * wanted.Max());
        }

        if (run.TryGetProperty("norm_of_all_parameters_after", out var after))
        {
            var squares = model.Parameters.Sum(parameter => device.SumOfSquares(parameter.Value));
            golden.Case.Compare($"{name}: norm of all parameters", [after.GetDouble()], [Math.Sqrt(squares)], 1e-4);
        }
    }

    private static IDisposable Optimizer(
        string name, JsonElement options, EncoderDecoderModel model, Device device, out Action<double, float> step)
    {
        if (name.Contains("AdamW", StringComparison.Ordinal))
        {
            var betas = Numbers(options, "betas");
            var adamW = new AdamWOptimizer(device, model.Parameters, new AdamWOptions
            {
                Beta1 = (float)betas[0],
                Beta2 = (float)betas[1],
                Epsilon = options.GetProperty("eps").GetSingle(),
                WeightDecay = options.GetProperty("weight_decay").GetSingle(),
            });
            step = adamW.Step;
            return adamW;
        }

        Assert.Contains("Adafactor", name, StringComparison.Ordinal);
        var adafactor = new AdafactorOptimizer(
            device, model.Parameters, name.StartsWith("torch", StringComparison.Ordinal) ? PyTorchAdafactor(options) : TransformersAdafactor(options));
        step = adafactor.Step;
        return adafactor;
    }

    private static AdafactorOptions TransformersAdafactor(JsonElement options)
    {
        var epsilons = Numbers(options, "eps");
        Assert.Equal(JsonValueKind.Null, options.GetProperty("beta1").ValueKind);
        return new AdafactorOptions
        {
            Epsilon = (float)epsilons[0],
            MinimumScale = epsilons[1],
            ClipThreshold = options.GetProperty("clip_threshold").GetDouble(),
            DecayRate = options.GetProperty("decay_rate").GetDouble(),
            WeightDecay = options.GetProperty("weight_decay").GetSingle(),
            ScaleParameter = options.GetProperty("scale_parameter").GetBoolean(),
            RelativeStep = options.GetProperty("relative_step").GetBoolean(),
            WarmupInit = options.GetProperty("warmup_init").GetBoolean(),
        };
    }

    private static AdafactorOptions PyTorchAdafactor(JsonElement options)
    {
        var epsilons = options.GetProperty("eps");
        var defaults = AdafactorOptions.PyTorch;
        return defaults with
        {
            Epsilon = epsilons[0].ValueKind == JsonValueKind.Null ? defaults.Epsilon : epsilons[0].GetSingle(),
            MinimumScale = epsilons[1].GetDouble(),
            ClipThreshold = options.GetProperty("d").GetDouble(),
            DecayRate = options.GetProperty("beta2_decay").GetDouble(),
            WeightDecay = options.GetProperty("weight_decay").GetSingle(),
        };
    }

    private static double[] Numbers(JsonElement element, string property) =>
        [.. element.GetProperty(property).EnumerateArray().Select(item => item.GetDouble())];
}
