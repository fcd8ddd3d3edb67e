namespace Transfuse.Tokenization.Patterns;

/// <summary>Turns a syntax tree into instructions for a backtracking matcher.</summary>
internal sealed class RegexCompiler
{
    private const int MaximumInstructions = 20_000;
    private const int MaximumLookBehind = 255;
    private readonly List<RegexInstruction> _program = [];
    private int _slots;

    private RegexCompiler(int captures)
    {
        _slots = 2 * (captures + 1);
    }

    /// <summary>The instructions and the number of position slots that they use.</summary>
    /// <exception cref="FormatException">The expression is too large.</exception>
    public static (RegexInstruction[] Program, int Slots) Compile(RegexNode node, int captures)
    {
        var compiler = new RegexCompiler(captures);
        compiler.Emit(node);
        compiler.Add(new RegexInstruction(RegexOpcode.Accept));
        return ([.. compiler._program], compiler._slots);
    }

    private void Emit(RegexNode node)
    {
        switch (node)
        {
            case RegexNode.Scalar scalar:
                Add(new RegexInstruction(RegexOpcode.Scalar, Set: scalar.Set));
                break;
            case RegexNode.Concatenation concatenation:
                foreach (var part in concatenation.Parts)
                {
                    Emit(part);
                }

                break;
            case RegexNode.Alternation alternation:
                EmitChoices(alternation.Choices);
                break;
            case RegexNode.Repetition repetition:
                EmitRepetition(repetition);
                break;
            case RegexNode.Capture capture:
                Add(new RegexInstruction(RegexOpcode.Mark, 2 * capture.Number));
                Emit(capture.Body);
                Add(new RegexInstruction(RegexOpcode.Mark, (2 * capture.Number) + 1));
                break;
            case RegexNode.Atomic atomic:
                EmitNested(atomic.Body, look: null);
                break;
            case RegexNode.Look look:
                EmitNested(look.Body, look);
                break;
            case RegexNode.Reference reference:
                if ((2 * reference.Number) + 1 >= _slots)
                {
                    throw new FormatException($"the regular expression refers to group {reference.Number}, which it does not have");
                }

                Add(new RegexInstruction(RegexOpcode.Reference, 2 * reference.Number));
                break;
            case RegexNode.Assertion assertion:
                Add(new RegexInstruction(RegexOpcode.Assert, (int)assertion.Kind));
                break;
            default:
                throw new FormatException($"the regular expression has an unknown part {node.GetType().Name}");
        }
    }

    private void EmitChoices(IReadOnlyList<RegexNode> choices)
    {
        var jumps = new List<int>();
        for (var i = 0; i < choices.Count - 1; i++)
        {
            var fork = Add(new RegexInstruction(RegexOpcode.Fork));
            Emit(choices[i]);
            jumps.Add(Add(new RegexInstruction(RegexOpcode.Jump)));
            _program[fork] = new RegexInstruction(RegexOpcode.Fork, fork + 1, _program.Count);
        }

        Emit(choices[^1]);
        foreach (var jump in jumps)
        {
            _program[jump] = new RegexInstruction(RegexOpcode.Jump, _program.Count);
        }
    }

    private void EmitRepetition(RegexNode.Repetition repetition)
    {
        if (repetition is { Body: RegexNode.Scalar scalar, Lazy: false })
        {
            Add(new RegexInstruction(RegexOpcode.Run, repetition.Minimum, repetition.Maximum, scalar.Set));
            return;
        }

        for (var i = 0; i < repetition.Minimum; i++)
        {
            Emit(repetition.Body);
        }

        if (repetition.Maximum == int.MaxValue)
        {
            var slot = _slots++;
            var fork = Add(new RegexInstruction(RegexOpcode.Fork));
            Add(new RegexInstruction(RegexOpcode.Mark, slot));
            Emit(repetition.Body);
            Add(new RegexInstruction(RegexOpcode.RequireProgress, slot));
            Add(new RegexInstruction(RegexOpcode.Jump, fork));
            _program[fork] = Fork(fork + 1, _program.Count, repetition.Lazy);
            return;
        }

        var forks = new List<int>();
        for (var i = repetition.Minimum; i < repetition.Maximum; i++)
        {
            forks.Add(Add(new RegexInstruction(RegexOpcode.Fork)));
            Emit(repetition.Body);
        }

        foreach (var fork in forks)
        {
            _program[fork] = Fork(fork + 1, _program.Count, repetition.Lazy);
        }
    }

    private static RegexInstruction Fork(int body, int exit, bool lazy) => lazy
        ? new RegexInstruction(RegexOpcode.Fork, exit, body)
        : new RegexInstruction(RegexOpcode.Fork, body, exit);

    private void EmitNested(RegexNode body, RegexNode.Look? look)
    {
        var back = look is { Behind: true } ? MaximumWidth(body) : 0;
        if (back > MaximumLookBehind)
        {
            throw new FormatException($"the regular expression looks behind by more than {MaximumLookBehind} characters");
        }

        var nested = Add(new RegexInstruction(RegexOpcode.Nested));
        Emit(body);
        Add(new RegexInstruction(RegexOpcode.Accept));
        _program[nested] = new RegexInstruction(RegexOpcode.Nested, _program.Count, back, Look: look);
    }

    private static int MaximumWidth(RegexNode node)
    {
        const int Unbounded = MaximumLookBehind + 1;
        return node switch
        {
            RegexNode.Scalar => 1,
            RegexNode.Concatenation concatenation => Math.Min(concatenation.Parts.Sum(MaximumWidth), Unbounded),
            RegexNode.Alternation alternation => alternation.Choices.Max(MaximumWidth),
            RegexNode.Repetition { Maximum: > MaximumLookBehind } => Unbounded,
            RegexNode.Repetition repetition => Math.Min(repetition.Maximum * MaximumWidth(repetition.Body), Unbounded),
            RegexNode.Capture capture => MaximumWidth(capture.Body),
            RegexNode.Atomic atomic => MaximumWidth(atomic.Body),
            RegexNode.Reference => Unbounded,
            _ => 0,
        };
    }

    private int Add(RegexInstruction instruction)
    {
        if (_program.Count >= MaximumInstructions)
        {
            throw new FormatException($"the regular expression needs more than {MaximumInstructions} instructions");
        }

        _program.Add(instruction);
        return _program.Count - 1;
    }
}
