namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>The labels and the teacher of a cross entropy, and where its losses go; checked before anything is computed.</summary>
internal readonly struct CrossEntropyRows
{
    private readonly ReadOnlyMemory<int> _labels;
    private readonly ReadOnlyMemory<float> _labelWeights;
    private readonly SparseTargets? _teacher;

    /// <summary>Checks lengths and ids.</summary>
    /// <exception cref="ArgumentException">A length differs from the number of rows, or an id is outside the vocabulary.</exception>
    internal CrossEntropyRows(
        int rows, int vocabulary, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights, SparseTargets? teacher,
        Memory<float> labelLosses, Memory<float> teacherLosses)
    {
        HeadChecks.Length(labels.Length, rows, nameof(labels));
        HeadChecks.Length(labelWeights.Length, rows, nameof(labelWeights));
        HeadChecks.Length(labelLosses.Length, rows, nameof(labelLosses));
        HeadChecks.Ids(labels.Span, vocabulary, lowest: -1, nameof(labels));
        MaximumEntries = teacher is null ? 0 : CheckTeacher(teacher, rows, vocabulary);
        if (teacher is not null || teacherLosses.Length != 0)
        {
            HeadChecks.Length(teacherLosses.Length, rows, nameof(teacherLosses));
        }

        _labels = labels;
        _labelWeights = labelWeights;
        _teacher = teacher;
        LabelLosses = labelLosses;
        TeacherLosses = teacherLosses;
    }

    /// <summary>Most teacher entries of a row.</summary>
    internal int MaximumEntries { get; }

    /// <summary>−log q(label) of each row.</summary>
    internal Memory<float> LabelLosses { get; }

    /// <summary>Teacher term of each row; empty without teacher.</summary>
    internal Memory<float> TeacherLosses { get; }

    /// <summary>Label and teacher of one row.</summary>
    internal CrossEntropyRow this[int row]
    {
        get
        {
            var label = _labels.Span[row];
            var labelWeight = label < 0 ? 0 : _labelWeights.Span[row];
            if (_teacher is null)
            {
                return new CrossEntropyRow(label, labelWeight, default, default, 0, 0);
            }

            var start = _teacher.RowStarts.Span[row];
            var count = _teacher.RowStarts.Span[row + 1] - start;
            return new CrossEntropyRow(
                label, labelWeight, _teacher.Ids.Span.Slice(start, count), _teacher.Probabilities.Span.Slice(start, count),
                _teacher.RestMass.Span[row], count == 0 ? 0 : _teacher.Weights.Span[row]);
        }
    }

    /// <summary>
    /// Lists the rows that have a gradient, then those that only have a loss; the others need no logits.
    /// </summary>
    /// <param name="order">Receives row numbers.</param>
    /// <param name="wantsGradient">False to list every row with a loss among the latter.</param>
    /// <returns>How many rows have a gradient, and how many are listed in all.</returns>
    internal (int WithGradient, int Listed) Order(Span<int> order, bool wantsGradient)
    {
        var listed = 0;
        for (var row = 0; wantsGradient && row < order.Length; row++)
        {
            if (this[row].HasGradient)
            {
                order[listed++] = row;
            }
        }

        var withGradient = listed;
        for (var row = 0; row < order.Length; row++)
        {
            var content = this[row];
            if (content.HasLoss && !(wantsGradient && content.HasGradient))
            {
                order[listed++] = row;
            }
        }

        return (withGradient, listed);
    }

    private static int CheckTeacher(SparseTargets teacher, int rows, int vocabulary)
    {
        HeadChecks.Length(teacher.RowStarts.Length, rows + 1, "teacher.RowStarts");
        HeadChecks.Length(teacher.RestMass.Length, rows, "teacher.RestMass");
        HeadChecks.Length(teacher.Weights.Length, rows, "teacher.Weights");
        HeadChecks.Length(teacher.Probabilities.Length, teacher.Ids.Length, "teacher.Probabilities");
        HeadChecks.Ids(teacher.Ids.Span, vocabulary, lowest: 0, "teacher.Ids");
        var starts = teacher.RowStarts.Span;
        var most = 0;
        for (var row = 0; row < rows; row++)
        {
            if (starts[row] < 0 || starts[row + 1] < starts[row] || starts[row + 1] > teacher.Ids.Length)
            {
                throw new ArgumentException(
                    $"teacher.RowStarts: row {row} has entries {starts[row]} to {starts[row + 1]}, expected an ascending range within {teacher.Ids.Length} entries.",
                    nameof(teacher));
            }

            most = Math.Max(most, starts[row + 1] - starts[row]);
        }

        return most;
    }
}
