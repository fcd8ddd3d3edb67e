using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// Loss and gradient of rows of logits z. With q = softmax(z), label y, and a teacher p on the ids K with rest mass r:
/// loss = w·(−log q_y) + u·(−Σ_K p·log q − r·log(1 − Q)), Q = Σ_K q; and with S = Σ_K p
/// ∂loss/∂z_j = w·(q_j − [j = y]) + u·((S + r)·q_j − p_j) for j in K, and w·(q_j − [j = y]) + u·((S + r)·q_j − r·q_j/(1 − Q)) elsewhere.
/// </summary>
/// <remarks>
/// Traffic: the logits are read three times and written twice while they are in cache. 1 − Q is summed over the other ids, not subtracted,
/// so that it keeps its precision where the student is nearly sure.
/// </remarks>
internal readonly unsafe struct CrossEntropyBody : ITierBody
{
    // −log of it is 69: what a row without any mass left outside the kept ids is charged for the rest.
    private const double SmallestRest = 1e-30;

    private readonly CrossEntropyArguments _arguments;
    private readonly float* _logits;
    private readonly float* _capped;
    private readonly int _firstRow;
    private readonly int _vocabulary;
    private readonly bool _wantsGradient;
    private readonly WorkBlocks _blocks;

    internal CrossEntropyBody(
        CrossEntropyArguments arguments, float* logits, float* capped, int firstRow, int rows, int vocabulary, bool wantsGradient)
    {
        _arguments = arguments;
        _logits = logits;
        _capped = capped;
        _firstRow = firstRow;
        _vocabulary = vocabulary;
        _wantsGradient = wantsGradient;
        _blocks = WorkBlocks.OfRows(rows, vocabulary);
    }

    internal int TaskCount => _blocks.TaskCount;

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = _blocks[task];
        for (var row = firstRow; row < endRow; row++)
        {
            Row<TVector>((int)(_firstRow + row), _logits + (row * _vocabulary), _capped is null ? null : _capped + (row * _vocabulary));
        }
    }

    private void Row<TVector>(int row, float* z, float* capped)
        where TVector : unmanaged, IVector<TVector>
    {
        var largest = LogitRow.Prepare<TVector>(z, _vocabulary, _arguments.Options);
        if (capped is not null)
        {
            Buffer.MemoryCopy(z, capped, (long)_vocabulary * sizeof(float), (long)_vocabulary * sizeof(float));
        }

        var label = _arguments.Labels[row];
        double labelLogit = label < 0 ? 0 : z[label];
        var teacher = TeacherOf(row, z, largest);
        var sum = LogitRow.Exponentials<TVector>(z, _vocabulary, largest);
        var logSum = largest + Math.Log(sum);
        _arguments.LabelLosses[row] = label < 0 ? 0 : (float)(logSum - labelLogit);
        var others = teacher.Rest > 0 ? Others<TVector>(z, teacher) : sum;
        if (_arguments.HasTeacher)
        {
            _arguments.TeacherLosses[row] = (float)((teacher.Mass * logSum) - teacher.Logits - (teacher.Rest > 0 ? teacher.Rest * Math.Log(Math.Max(others / sum, SmallestRest)) : 0));
        }

        if (_wantsGradient)
        {
            Gradient<TVector>(row, z, capped, label, teacher, sum, Math.Max(others, sum * SmallestRest));
        }
    }

    /// <summary>Σ p and Σ p·z over the kept ids, before the logits become exponentials.</summary>
    private Teacher TeacherOf(int row, float* z, float largest)
    {
        if (!_arguments.HasTeacher)
        {
            return default;
        }

        var (start, end) = (_arguments.TeacherStarts[row], _arguments.TeacherStarts[row + 1]);
        var (mass, logits) = (0.0, 0.0);
        for (var entry = start; entry < end; entry++)
        {
            double p = _arguments.TeacherProbabilities[entry];
            mass += p;
            logits += p * z[_arguments.TeacherIds[entry]];
        }

        return new Teacher(start, end, mass, logits, _arguments.TeacherRestMass[row]);
    }

    /// <summary>The exponentials of the ids that the teacher does not keep, summed without those it keeps.</summary>
    private double Others<TVector>(float* e, Teacher teacher)
        where TVector : unmanaged, IVector<TVector>
    {
        const int most = 256;
        var count = teacher.End - teacher.Start;
        var kept = stackalloc float[most];
        if (count > most)
        {
            return OthersOfMany(e, teacher);
        }

        for (var i = 0; i < count; i++)
        {
            var id = _arguments.TeacherIds[teacher.Start + i];
            kept[i] = e[id];
            e[id] = 0;
        }

        var others = LogitRow.Sum<TVector>(e, _vocabulary);
        for (var i = count - 1; i >= 0; i--)
        {
            e[_arguments.TeacherIds[teacher.Start + i]] = kept[i];
        }

        return others;
    }

    private double OthersOfMany(float* e, Teacher teacher)
    {
        var ids = new ReadOnlySpan<int>(_arguments.TeacherIds + teacher.Start, teacher.End - teacher.Start);
        var isKept = new bool[_vocabulary];
        foreach (var id in ids)
        {
            isKept[id] = true;
        }

        var others = 0.0;
        for (var id = 0; id < _vocabulary; id++)
        {
            others += isKept[id] ? 0 : e[id];
        }

        return others;
    }

    private void Gradient<TVector>(int row, float* e, float* capped, int label, Teacher teacher, double sum, double others)
        where TVector : unmanaged, IVector<TVector>
    {
        double labelWeight = label < 0 ? 0 : _arguments.LabelWeights[row];
        double teacherWeight = _arguments.HasTeacher ? _arguments.TeacherWeights[row] : 0;
        if (labelWeight == 0 && teacherWeight == 0)
        {
            new Span<float>(e, _vocabulary).Clear();
            return;
        }

        var all = (labelWeight + (teacherWeight * (teacher.Mass + teacher.Rest))) / sum;
        var outside = teacher.Rest > 0 ? teacherWeight * teacher.Rest / others : 0;
        if (teacherWeight != 0 && outside != 0)
        {
            // The kept ids take (S + r)·q without the share of the rest; scaled up first, so that one factor serves the whole row.
            ScaleKept(e, teacher, all / (all - outside));
        }

        LogitRow.Multiply<TVector>(e, _vocabulary, (float)(all - outside));
        SubtractProbabilities(e, teacher, teacherWeight);
        if (label >= 0)
        {
            e[label] -= (float)labelWeight;
        }

        if (capped is not null)
        {
            LogitRow.UncapGradient<TVector>(e, capped, _vocabulary, _arguments.Options);
        }
        else if (_arguments.Options.LogitScale != 1)
        {
            LogitRow.Multiply<TVector>(e, _vocabulary, _arguments.Options.LogitScale);
        }
    }

    private void ScaleKept(float* e, Teacher teacher, double factor)
    {
        for (var entry = teacher.Start; entry < teacher.End; entry++)
        {
            e[_arguments.TeacherIds[entry]] *= (float)factor;
        }
    }

    private void SubtractProbabilities(float* gradient, Teacher teacher, double weight)
    {
        for (var entry = teacher.Start; weight != 0 && entry < teacher.End; entry++)
        {
            gradient[_arguments.TeacherIds[entry]] -= (float)(weight * _arguments.TeacherProbabilities[entry]);
        }
    }

    private readonly record struct Teacher(int Start, int End, double Mass, double Logits, double Rest);
}
