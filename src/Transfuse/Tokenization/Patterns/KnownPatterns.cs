namespace Transfuse.Tokenization.Patterns;

/// <summary>The split patterns of the field that have a hand-written matcher.</summary>
internal static class KnownPatterns
{
    /// <summary>GPT-2's pattern, which <c>ByteLevel</c> uses.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>The pattern of GPT-4 as Llama 3 writes it: digits in groups of up to three.</summary>
    public const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The same with single digits, as in Qwen2.</summary>
    public const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The matcher of a regular expression: hand-written where there is one, else the general one.</summary>
    /// <exception cref="FormatException">The expression cannot be read; the message says where.</exception>
    public static TextPattern FromRegex(string regex) => regex switch
    {
        Gpt2 => new Gpt2Pattern(),
        Llama3 => new Gpt4Pattern(maximumDigits: 3),
        Qwen2 => new Gpt4Pattern(maximumDigits: 1),
        _ => RegexPattern.Compile(regex),
    };
}
