namespace Transfuse.Cli.Output;

/// <summary>Arguments of commands that the reader is told to type.</summary>
internal static class ShellText
{
    private const string Plain = "_-./:+,=@%~";

    /// <summary>The argument as a shell takes it: quoted where it holds blanks or what a shell would read.</summary>
    internal static string Argument(string text)
    {
        if (text.Length > 0 && text[0] != '~' && text.All(character => char.IsLetterOrDigit(character) || character == Path.DirectorySeparatorChar || Plain.Contains(character, StringComparison.Ordinal)))
        {
            return text;
        }

        return OperatingSystem.IsWindows() ? $"\"{text}\"" : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
