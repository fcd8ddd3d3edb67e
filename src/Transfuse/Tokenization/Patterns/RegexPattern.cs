using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>
/// A regular expression over Unicode scalars. .NET's own works on UTF-16 code units, so that its classes miss every letter and digit
/// outside the basic plane, and its dialect differs from the one that tokenizer files are written in.
/// </summary>
internal sealed class RegexPattern : TextPattern
{
    private readonly string _source;
    private readonly RegexInstruction[] _program;
    private readonly int _slots;
    private readonly ScalarSet? _first;

    private RegexPattern(string source, RegexInstruction[] program, int slots)
    {
        _source = source;
        _program = program;
        _slots = slots;
        _first = program[0] is { Opcode: RegexOpcode.Scalar } or { Opcode: RegexOpcode.Run, X: > 0 } ? program[0].Set : null;
    }

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FormatException">Syntax that is broken or not supported; the message says where.</exception>
    public static RegexPattern Compile(string pattern)
    {
        var (node, captures) = RegexParser.Parse(pattern);
        var (program, slots) = RegexCompiler.Compile(node, captures);
        return new RegexPattern(pattern, program, slots);
    }

    /// <inheritdoc/>
    public override bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        Span<int> slots = _slots <= 64 ? stackalloc int[_slots] : new int[_slots];
        Span<int> stack = stackalloc int[192];
        var matcher = new RegexMatcher(_source, _program, text, slots, stack);
        for (start = from; start <= text.Length;)
        {
            var possible = _first is null || (start < text.Length && _first.Contains(Utf8.Decode(text, start, out _)));
            if (possible)
            {
                end = matcher.Match(start);
                if (end >= 0)
                {
                    return true;
                }
            }

            start += start < text.Length ? Utf8.LengthOf(text[start]) : 1;
        }

        end = start;
        return false;
    }
}
