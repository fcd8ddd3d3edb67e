using Transfuse.Errors;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>Runs instructions over one text, with an own stack for the choices left open, so that no text can exhaust the thread's.</summary>
internal ref struct RegexMatcher
{
    private const int EntrySize = 3;
    private readonly string _source;
    private readonly RegexInstruction[] _program;
    private readonly ReadOnlySpan<byte> _text;
    private readonly Span<int> _slots;
    private Span<int> _stack;
    private int _top;
    private long _stepsLeft;

    /// <summary>Prepares for one search.</summary>
    public RegexMatcher(string source, RegexInstruction[] program, ReadOnlySpan<byte> text, Span<int> slots, Span<int> stack)
    {
        _source = source;
        _program = program;
        _text = text;
        _slots = slots;
        _stack = stack;
        _stepsLeft = 10_000_000 + (1000L * text.Length);
    }

    /// <summary>The end of the match that begins exactly at a position, or -1.</summary>
    public int Match(int position)
    {
        _slots.Fill(-1);
        _top = 0;
        return Run(0, position);
    }

    private int Run(int pc, int position)
    {
        var floor = _top;
        while (true)
        {
            if (--_stepsLeft < 0)
            {
                throw new TokenizerException(
                    "tokenizer", $"the regular expression '{_source}' takes too many steps on this text. Use an expression without nested repetition.");
            }

            var instruction = _program[pc];
            if (instruction.Opcode == RegexOpcode.Accept)
            {
                _top = floor;
                return position;
            }

            if (!Step(instruction, ref pc, ref position) && !Backtrack(floor, ref pc, ref position))
            {
                return -1;
            }
        }
    }

    private bool Step(RegexInstruction instruction, ref int pc, ref int position)
    {
        switch (instruction.Opcode)
        {
            case RegexOpcode.Scalar:
                if (position >= _text.Length || !instruction.Set!.Contains(Utf8.Decode(_text, position, out var length)))
                {
                    return false;
                }

                position += length;
                pc++;
                return true;
            case RegexOpcode.Run:
                return Consume(instruction, ref pc, ref position);
            case RegexOpcode.Fork:
                Push(instruction.Y, position, -1);
                pc = instruction.X;
                return true;
            case RegexOpcode.Jump:
                pc = instruction.X;
                return true;
            case RegexOpcode.Mark:
                Push(~instruction.X, _slots[instruction.X], 0);
                _slots[instruction.X] = position;
                pc++;
                return true;
            case RegexOpcode.RequireProgress:
                pc++;
                return _slots[instruction.X] != position;
            case RegexOpcode.Assert:
                pc++;
                return Holds((RegexAssertion)instruction.X, position);
            case RegexOpcode.Nested:
                return RunNested(instruction, ref pc, ref position);
            default:
                return ConsumeReference(instruction, ref pc, ref position);
        }
    }

    private bool Consume(RegexInstruction instruction, ref int pc, ref int position)
    {
        var set = instruction.Set!;
        var count = 0;
        var end = position;
        var shortest = instruction.X == 0 ? position : -1;
        while (end < _text.Length && count < instruction.Y && set.Contains(Utf8.Decode(_text, end, out var length)))
        {
            end += length;
            if (++count == instruction.X)
            {
                shortest = end;
            }
        }

        _stepsLeft -= count;
        if (shortest < 0)
        {
            return false;
        }

        pc++;
        if (end > shortest)
        {
            Push(pc, end, shortest);
        }

        position = end;
        return true;
    }

    private bool RunNested(RegexInstruction instruction, ref int pc, ref int position)
    {
        var end = -1;
        if (instruction.Look is { Behind: true })
        {
            for (int back = 0, from = position; back <= instruction.Y && end != position; back++)
            {
                end = Run(pc + 1, from);
                if (from == 0)
                {
                    break;
                }

                from = Utf8.Previous(_text, from);
            }

            end = end == position ? position : -1;
        }
        else
        {
            end = Run(pc + 1, position);
        }

        pc = instruction.X;
        if (instruction.Look is { } look)
        {
            return (end >= 0) != look.Negative;
        }

        position = end >= 0 ? end : position;
        return end >= 0;
    }

    private readonly bool ConsumeReference(RegexInstruction instruction, ref int pc, ref int position)
    {
        var (start, end) = (_slots[instruction.X], _slots[instruction.X + 1]);
        if (start < 0 || end < start || !_text[position..].StartsWith(_text[start..end]))
        {
            return false;
        }

        position += end - start;
        pc++;
        return true;
    }

    private readonly bool Holds(RegexAssertion assertion, int position) => assertion switch
    {
        RegexAssertion.LineStart => position == 0 || (_text[position - 1] == (byte)'\n' && position < _text.Length),
        RegexAssertion.LineEnd => position == _text.Length || _text[position] == (byte)'\n',
        RegexAssertion.TextStart => position == 0,
        RegexAssertion.TextEnd => position == _text.Length,
        RegexAssertion.TextEndOrLastLineEnd => position == _text.Length || (position == _text.Length - 1 && _text[position] == (byte)'\n'),
        RegexAssertion.WordBoundary => IsWordBefore(position) != IsWordAfter(position),
        _ => IsWordBefore(position) == IsWordAfter(position),
    };

    private readonly bool IsWordBefore(int position) =>
        position > 0 && Scalars.IsWord(Utf8.Decode(_text, Utf8.Previous(_text, position), out _));

    private readonly bool IsWordAfter(int position) => position < _text.Length && Scalars.IsWord(Utf8.Decode(_text, position, out _));

    /// <summary>
    /// Goes back to the latest open choice. Entries are (instruction, position, shortest): shortest is -1 for a plain alternative, else
    /// the run may be shortened down to it; a negative instruction restores a slot.
    /// </summary>
    private bool Backtrack(int floor, ref int pc, ref int position)
    {
        while (_top > floor)
        {
            var (target, at, shortest) = (_stack[_top - 3], _stack[_top - 2], _stack[_top - 1]);
            if (target < 0)
            {
                _slots[~target] = at;
                _top -= EntrySize;
                continue;
            }

            pc = target;
            position = shortest < 0 ? at : Utf8.Previous(_text, at);
            if (shortest < 0 || position == shortest)
            {
                _top -= EntrySize;
            }
            else
            {
                _stack[_top - 2] = position;
            }

            return true;
        }

        return false;
    }

    private void Push(int target, int position, int shortest)
    {
        if (_top + EntrySize > _stack.Length)
        {
            var larger = new int[2 * _stack.Length];
            _stack.CopyTo(larger);
            _stack = larger;
        }

        _stack[_top] = target;
        _stack[_top + 1] = position;
        _stack[_top + 2] = shortest;
        _top += EntrySize;
    }
}
