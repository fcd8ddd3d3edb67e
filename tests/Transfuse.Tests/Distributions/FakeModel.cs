using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Distributions;

/// <summary>
/// A language model that looks back three tokens of its own document and no further: hidden = Σ w(age)·embedding(token), so a window with
/// an overlap of two tokens gives the same as the whole document.
/// </summary>
internal sealed class FakeModel : LanguageModel
{
    private const int Hidden = 6;
    private readonly Parameter _head;
    private readonly float[] _embedding;

    public FakeModel(Device device, int vocabulary, int maxPositions)
    {
        VocabularySize = vocabulary;
        MaxPositions = maxPositions;
        var random = new RandomStream(8, "fake");
        _embedding = Enumerable.Range(0, vocabulary * Hidden).Select(_ => (float)random.NextNormal()).ToArray();
        var head = device.Allocate(new Shape(vocabulary, Hidden));
        foreach (ref var value in head.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        _head = new Parameter("head", head);
    }

    public List<int> BatchSizes { get; } = [];

    public bool GivesNaN { get; init; }

    public override string ModelType => "fake";

    public override int VocabularySize { get; }

    public override int MaxPositions { get; }

    public override IReadOnlyList<Parameter> Parameters => [_head];

    public override Parameter HeadWeight => _head;

    public override HeadOptions HeadOptions => HeadOptions.Plain;

    public override ModelConfig Config => throw new NotSupportedException();

    public override IReadOnlyList<Variable> ForwardLayers(Tape tape, TokenBatch batch) => throw new NotSupportedException();

    public override Variable Forward(Tape tape, TokenBatch batch, KeyValueCache? cache = null)
    {
        BatchSizes.Add(batch.Count);
        var hidden = tape.Device.AllocateZeroed(new Shape(batch.Count, Hidden));
        foreach (var segment in batch.Segments)
        {
            Assert.InRange(segment.QueryCount, 1, MaxPositions);
            for (var i = 0; i < segment.QueryCount; i++)
            {
                Assert.Equal(i, batch.Positions[segment.QueryStart + i]);
                for (var age = 0; age <= Math.Min(2, i); age++)
                {
                    for (var d = 0; d < Hidden; d++)
                    {
                        hidden.Row(segment.QueryStart + i)[d] += GivesNaN ? float.NaN : _embedding[(batch.Ids[segment.QueryStart + i - age] * Hidden) + d] / (1 + age);
                    }
                }
            }
        }

        return tape.Input(hidden);
    }
}
