using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Training;

/// <summary>
/// Estimates memory by rehearsal: the model, the trainer and the tape themselves run on <see cref="Device.CreateRehearsal"/>, which computes
/// nothing and counts. So every architecture, adapter and option is covered by the code that is to be estimated, and stays so.
/// </summary>
public sealed class MemoryEstimator
{
    private readonly Device _device;

    /// <summary>Estimates for a device.</summary>
    public MemoryEstimator(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
    }

    /// <summary>Training with batches of whole blocks.</summary>
    /// <param name="create">Makes the model on the device it is given; its weights are not filled there.</param>
    /// <param name="options">As for the trainer.</param>
    /// <param name="batchTokens">Tokens of one forward and backward pass.</param>
    /// <param name="block">Tokens of a piece of a document.</param>
    /// <param name="validationTokens">Tokens of a batch of the validation texts; 0 leaves validation out.</param>
    public MemoryEstimate OfTraining(Func<Device, LanguageModel> create, TrainingOptions options, int batchTokens, int block, int validationTokens = 0)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(options);
        using var rehearsal = _device.CreateRehearsal();
        var memory = rehearsal.Memory;
        using var model = create(rehearsal);
        var parameters = memory.UsedBytes;
        var rehearsed = options with
        {
            // After a few steps the pool has the blocks that all further steps need.
            Steps = 4,
            Accumulate = 1,
            CheckpointEvery = 0,
            ValidateEvery = validationTokens > 0 ? 1 : 0,
            Patience = 0,
        };
        using var trainer = new Trainer(rehearsal, model, new WholeBlocks(batchTokens, block), rehearsed);
        var states = memory.UsedBytes - parameters;
        trainer.Run(new Validation(() => Score(rehearsal, model, validationTokens, Math.Min(block, model.MaxPositions))));
        var gradients = memory.UsedBytes - parameters - states;
        var working = memory.PeakUsedBytes - parameters - states - gradients;
        // The best weights lie on the managed heap.
        var best = options.Patience > 0 ? model.TrainedParameters.Sum(parameter => parameter.Value.Length) * sizeof(float) : 0;
        return new MemoryEstimate(parameters, gradients, states + best, working, memory.PeakReservedBytes + best);
    }

    /// <summary>Scoring texts in batches.</summary>
    /// <param name="create">Makes the model on the device it is given.</param>
    /// <param name="batchTokens">Tokens of a batch.</param>
    /// <param name="length">Tokens of a text.</param>
    public MemoryEstimate OfScoring(Func<Device, LanguageModel> create, int batchTokens, int length)
    {
        ArgumentNullException.ThrowIfNull(create);
        using var rehearsal = _device.CreateRehearsal();
        using var model = create(rehearsal);
        var parameters = rehearsal.Memory.UsedBytes;
        Score(rehearsal, model, batchTokens, Math.Min(length, model.MaxPositions));
        return OfWork(rehearsal, parameters);
    }

    /// <summary>Generating one text with a cache.</summary>
    /// <param name="create">Makes the model on the device it is given.</param>
    /// <param name="tokens">Tokens of prompt and answer together; the prompt is taken to be all but one of them.</param>
    public MemoryEstimate OfGenerating(Func<Device, LanguageModel> create, int tokens)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 2);
        using var rehearsal = _device.CreateRehearsal();
        using var model = create(rehearsal);
        var parameters = rehearsal.Memory.UsedBytes;
        using var cache = model.CreateCache(rehearsal, 1, tokens);
        foreach (var count in (int[])[tokens - 1, 1])
        {
            using var tape = new Tape(rehearsal, recordGradients: false);
            var hidden = model.Forward(tape, cache.NextBatch([new int[count]]), cache).Value;
            using var last = hidden.SliceRows(hidden.Rows - 1, 1);
            using var logits = rehearsal.Allocate(new Shape(1, model.HeadWeight.Value.Rows));
            rehearsal.MatMul(MatMulLayout.NT, last, model.HeadWeight.Value, logits);
        }

        return OfWork(rehearsal, parameters);
    }

    /// <summary>An encoder-decoder model that scores a batch of pairs, with as many tokens of targets as of sources.</summary>
    /// <param name="create">Makes the model on the device it is given.</param>
    /// <param name="batchTokens">Tokens of the sources of a batch, and of its targets.</param>
    /// <param name="length">Tokens of a source, and of a target.</param>
    public MemoryEstimate OfScoring(Func<Device, EncoderDecoderModel> create, int batchTokens, int length)
    {
        ArgumentNullException.ThrowIfNull(create);
        using var rehearsal = _device.CreateRehearsal();
        using var model = create(rehearsal);
        var parameters = rehearsal.Memory.UsedBytes;
        var batch = WholeBlocks.Batch(batchTokens, length);
        using var tape = new Tape(rehearsal, recordGradients: false);
        var hidden = model.Decode(tape, batch.Tokens, batch.Tokens, model.Encode(tape, batch.Tokens)).Value;
        rehearsal.LinearCrossEntropy(
            hidden, model.HeadWeight.Value, model.HeadOptions, batch.Labels, new float[batchTokens], null, new float[batchTokens], default, null, null);
        return OfWork(rehearsal, parameters);
    }

    /// <summary>An encoder-decoder model that writes one text for another.</summary>
    /// <param name="create">Makes the model on the device it is given.</param>
    /// <param name="tokens">Tokens of the source, and most of the target.</param>
    public MemoryEstimate OfGenerating(Func<Device, EncoderDecoderModel> create, int tokens)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        using var rehearsal = _device.CreateRehearsal();
        using var model = create(rehearsal);
        var parameters = rehearsal.Memory.UsedBytes;
        using var cache = model.CreateCache(rehearsal, TokenBatch.FromLengths(new int[tokens], [tokens]), 1, tokens);
        using var tape = new Tape(rehearsal, recordGradients: false);
        var hidden = model.Decode(tape, cache, cache.NextBatch([new int[1]])).Value;
        using var logits = rehearsal.Allocate(new Shape(1, model.HeadWeight.Value.Rows));
        rehearsal.MatMul(MatMulLayout.NT, hidden, model.HeadWeight.Value, logits);
        return OfWork(rehearsal, parameters);
    }

    private static MemoryEstimate OfWork(Device rehearsal, long parameters) =>
        new(parameters, 0, 0, rehearsal.Memory.PeakUsedBytes - parameters, rehearsal.Memory.PeakReservedBytes);

    private static void Score(Device device, LanguageModel model, int batchTokens, int length)
    {
        var batch = WholeBlocks.Batch(batchTokens, length);
        using var tape = new Tape(device, recordGradients: false);
        var hidden = model.Forward(tape, batch.Tokens).Value;
        device.LinearCrossEntropy(
            hidden, model.HeadWeight.Value, model.HeadOptions, batch.Labels, new float[batchTokens], null, new float[batchTokens], default, null, null);
    }

    private sealed class WholeBlocks(int batchTokens, int block) : IBatchSource
    {
        private readonly TrainingBatch _batch = Batch(batchTokens, block);

        public TrainingBatch Get(long index) => _batch;

        internal static TrainingBatch Batch(int tokens, int length)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
            var lengths = new int[(tokens + length - 1) / length];
            Array.Fill(lengths, length);
            lengths[^1] = tokens - ((lengths.Length - 1) * length);
            return new TrainingBatch(TokenBatch.FromLengths(new int[tokens], lengths), new int[tokens]);
        }
    }

    private sealed class Validation(Action score) : ITrainingObserver
    {
        public void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss)
        {
        }

        public double Validate(Trainer trainer)
        {
            score();
            return 0;
        }

        public void Checkpoint(Trainer trainer)
        {
        }
    }
}
