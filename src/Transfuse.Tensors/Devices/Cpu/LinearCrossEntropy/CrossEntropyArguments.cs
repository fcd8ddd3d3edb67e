using System.Buffers;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>What the loss of every row needs, pinned for the time of one operation.</summary>
internal sealed unsafe class CrossEntropyArguments : IDisposable
{
    private readonly MemoryHandle[] _pins;

    internal CrossEntropyArguments(
        ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights, SparseTargets? teacher,
        Memory<float> labelLosses, Memory<float> teacherLosses, HeadOptions options)
    {
        Options = options;
        HasTeacher = teacher is not null;
        _pins =
        [
            labels.Pin(), labelWeights.Pin(), labelLosses.Pin(), teacherLosses.Pin(), (teacher?.RowStarts ?? default).Pin(),
            (teacher?.Ids ?? default).Pin(), (teacher?.Probabilities ?? default).Pin(), (teacher?.RestMass ?? default).Pin(), (teacher?.Weights ?? default).Pin(),
        ];
    }

    internal HeadOptions Options { get; }

    internal bool HasTeacher { get; }

    internal int* Labels => (int*)_pins[0].Pointer;

    internal float* LabelWeights => (float*)_pins[1].Pointer;

    internal float* LabelLosses => (float*)_pins[2].Pointer;

    internal float* TeacherLosses => (float*)_pins[3].Pointer;

    internal int* TeacherStarts => (int*)_pins[4].Pointer;

    internal int* TeacherIds => (int*)_pins[5].Pointer;

    internal float* TeacherProbabilities => (float*)_pins[6].Pointer;

    internal float* TeacherRestMass => (float*)_pins[7].Pointer;

    internal float* TeacherWeights => (float*)_pins[8].Pointer;

    public void Dispose()
    {
        foreach (var pin in _pins)
        {
            pin.Dispose();
        }
    }
}
