using Transfuse.Recipes.Keys;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Recipes;

/// <summary>How one model is trained.</summary>
public sealed record TrainSection
{
    /// <summary>Optimiser steps.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Tokens of one forward and backward pass.</summary>
    public int BatchTokens { get; init; } = 4096;

    /// <summary>Longest piece of a document, in tokens, that the model sees at once.</summary>
    public int Block { get; init; } = 256;

    /// <summary>Passes whose gradients make one optimiser step.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How the learning rate falls after the warm-up.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Cosine;

    /// <summary>Fraction of the steps in which the learning rate rises from zero.</summary>
    public double Warmup { get; init; } = 0.03;

    /// <summary>Learning rate at the end, as a fraction of the highest.</summary>
    public double Floor { get; init; } = 0.1;

    /// <summary>Decoupled weight decay of AdamW.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Largest norm of all gradients together; 0 does not clip.</summary>
    public double Clip { get; init; } = 1;

    /// <summary>Steps between two log lines.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Steps between two checkpoints; 0 saves at the end and when interrupted.</summary>
    public int CheckpointEvery { get; init; } = 500;

    /// <summary>Steps between two measurements on the validation documents; 0 never measures.</summary>
    public int ValidateEvery { get; init; } = 250;

    /// <summary>Measurements without improvement after which training stops; 0 goes on to the last step.</summary>
    public int Patience { get; init; }

    /// <summary>Whether blocks are computed again in the backward pass, to save memory.</summary>
    public bool Recompute { get; init; }

    /// <summary>How AdamW keeps its moments.</summary>
    public OptimizerStates OptimizerStates { get; init; }

    internal static SectionSchema<TrainSection> Schema { get; } = new SectionSchema<TrainSection>("How one model is trained.")
        .Key("steps", Values.Integer(1), s => s.Steps, (s, v) => s with { Steps = v }, "Optimiser steps.")
        .Key("batch_tokens", Values.Integer(1), s => s.BatchTokens, (s, v) => s with { BatchTokens = v }, "Tokens of one forward and backward pass.")
        .Key("block", Values.Integer(2), s => s.Block, (s, v) => s with { Block = v }, "Longest piece of a document, in tokens, that the model sees at once.")
        .Key("accumulate", Values.Integer(1), s => s.Accumulate, (s, v) => s with { Accumulate = v }, "Passes whose gradients make one optimiser step.")
        .Key("learning_rate", Values.Number(new(0, 1, ExcludeMinimum: true)), s => s.LearningRate, (s, v) => s with { LearningRate = v }, "Highest learning rate.")
        .Key("schedule", Values.Choice<ScheduleKind>(), s => s.Schedule, (s, v) => s with { Schedule = v }, "How the learning rate falls after the warm-up.")
        .Key("warmup", Values.Number(NumberRange.Fraction), s => s.Warmup, (s, v) => s with { Warmup = v }, "Fraction of the steps in which the learning rate rises from zero.")
        .Key("floor", Values.Number(NumberRange.Fraction), s => s.Floor, (s, v) => s with { Floor = v }, "Learning rate at the end, as a fraction of the highest.")
        .Key("weight_decay", Values.Number(NumberRange.Fraction), s => s.WeightDecay, (s, v) => s with { WeightDecay = v }, "Decoupled weight decay of AdamW.")
        .Key("beta1", Values.Number(new(0, 1, ExcludeMaximum: true)), s => s.Beta1, (s, v) => s with { Beta1 = v }, "Decay of AdamW's first moment.")
        .Key("beta2", Values.Number(new(0, 1, ExcludeMaximum: true)), s => s.Beta2, (s, v) => s with { Beta2 = v }, "Decay of AdamW's second moment.")
        .Key("clip", Values.Number(new(0)), s => s.Clip, (s, v) => s with { Clip = v }, "Largest norm of all gradients together; 0 does not clip.")
        .Key("log_every", Values.Integer(1), s => s.LogEvery, (s, v) => s with { LogEvery = v }, "Steps between two log lines.")
        .Key("checkpoint_every", Values.Integer(0), s => s.CheckpointEvery, (s, v) => s with { CheckpointEvery = v }, "Steps between two checkpoints; 0 saves at the end and when interrupted.")
        .Key("validate_every", Values.Integer(0), s => s.ValidateEvery, (s, v) => s with { ValidateEvery = v }, "Steps between two measurements on the validation documents; 0 never measures.")
        .Key("patience", Values.Integer(0), s => s.Patience, (s, v) => s with { Patience = v }, "Measurements without improvement after which training stops; 0 goes on to the last step.")
        .Key("recompute", Values.Flag, s => s.Recompute, (s, v) => s with { Recompute = v }, "Compute blocks again in the backward pass, to save memory.")
        .Key("optimizer_states", Values.Choice<OptimizerStates>(), s => s.OptimizerStates, (s, v) => s with { OptimizerStates = v }, "How AdamW keeps its two moments: 8, 4 or 2 bytes a parameter.")
        .Rule(Check);

    private static IEnumerable<RuleViolation> Check(TrainSection section)
    {
        if (section.BatchTokens < section.Block)
        {
            yield return new RuleViolation(
                "batch_tokens",
                $"batch_tokens ({section.BatchTokens}) is less than block ({section.Block}), so a batch would not hold one piece",
                "raise batch_tokens or lower block");
        }

        if (section.Patience > 0 && section.ValidateEvery == 0)
        {
            yield return new RuleViolation("patience", "patience needs measurements, but validate_every is 0", "set validate_every");
        }
    }
}
