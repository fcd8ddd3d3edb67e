using System.Text.Json;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>Optimiser steps on real checkpoints, against PyTorch.</summary>
[Trait("Category", "Reference")]
public sealed class GoldenTrainingTests(ITestOutputHelper output) : IDisposable
{
    private readonly CpuDevice _device = new();

    public static TheoryData<string> Covered() => GoldenModelTests.Covered();

    public void Dispose() => _device.Dispose();

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void Ten_steps_of_AdamW(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        if (!golden.Json.TryGetProperty("adamw", out var adamW))
        {
            golden.Say("holds no AdamW steps");
            return;
        }

        using var model = PretrainedModel.Load(golden.Folder, _device);
        foreach (var parameter in model.Parameters)
        {
            // The goldens decay every tensor.
            parameter.Decays = true;
        }

        var batch = golden.Batch("input_ids");
        using var optimizer = new AdamWOptimizer(_device, model.Parameters, new AdamWOptions());
        var expected = Numbers(adamW, "losses");
        var (losses, norms) = (new double[expected.Length], new double[expected.Length]);
        for (var step = 0; step < expected.Length; step++)
        {
            losses[step] = GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
            norms[step] = GradientClipping.GlobalNorm(_device, model.Parameters);
            optimizer.Step(1e-3, GradientClipping.ScaleFor(norms[step], 1));
        }

        golden.Compare("adamw losses", expected, losses, golden.Tolerance("adamw_loss"));
        golden.Compare("adamw gradient norms", Numbers(adamW, "grad_norms"), norms, golden.Tolerance("adamw_grad_norm"));
        var values = GoldenTraining.ByFileName(model, parameter => parameter.Value);
        foreach (var array in adamW.GetProperty("final").EnumerateArray().Select(item => item.GetString()!))
        {
            var tensor = GoldenTraining.FileName(model, array["adamw.final.".Length..]);
            golden.Compare(array, golden.Reals(array), values[tensor], golden.Tolerance("adamw_param"));
        }
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Covered))]
    public void A_whole_training_run(string name)
    {
        using var golden = new GoldenModelCase(name, output);
        if (!golden.Has("batches"))
        {
            golden.Say("holds no training run");
            return;
        }

        using var model = PretrainedModel.Load(golden.Folder, _device);
        using var optimizer = new AdamWOptimizer(_device, model.Parameters, new AdamWOptions());
        var ids = golden.Integers("batches");
        var (steps, rows, columns) = ((int)golden.Dimensions("batches")[0], (int)golden.Dimensions("batches")[1], (int)golden.Dimensions("batches")[2]);
        var rates = Numbers(golden.Json, "lrs");
        var (losses, norms) = (new double[steps], new double[steps]);
        for (var step = 0; step < steps; step++)
        {
            var batch = TokenBatch.FromLengths(ids[(step * rows * columns)..((step + 1) * rows * columns)], Enumerable.Repeat(columns, rows).ToArray());
            losses[step] = GoldenTraining.LossAndGradients(model, _device, batch, batch.Ids);
            norms[step] = GradientClipping.GlobalNorm(_device, model.Parameters);
            optimizer.Step(rates[step], GradientClipping.ScaleFor(norms[step], 1));
        }

        var expected = Numbers(golden.Json, "losses");
        var tolerances = Numbers(golden.Json.GetProperty("tolerance"), "loss_by_step");
        for (var step = 0; step < steps; step++)
        {
            Assert.True(Math.Abs(expected[step] - losses[step]) <= tolerances[step], $"step {step}: loss {losses[step]:R}, expected {expected[step]:R} ± {tolerances[step]:E2}");
        }

        golden.Compare("losses of the run", expected, losses, tolerances[^1]);
        golden.Compare("gradient norms of the run", Numbers(golden.Json, "grad_norms"), norms, golden.Tolerance("grad_norm"));
        var evaluation = GoldenTraining.LossAndGradients(model, _device, golden.Batch("eval_ids"), golden.Integers("eval_ids"));
        golden.Compare("eval loss", [golden.Json.GetProperty("eval_loss_after").GetDouble()], [evaluation], golden.Tolerance("eval_loss"));
        foreach (var (tensor, values) in GoldenTraining.ByFileName(model, parameter => parameter.Value))
        {
            golden.Compare($"final.{tensor}", golden.Reals($"final.{tensor}"), values, golden.Tolerance("final_weights_max"));
        }
    }

    private static double[] Numbers(JsonElement element, string key) => [.. element.GetProperty(key).EnumerateArray().Select(value => value.GetDouble())];
}
