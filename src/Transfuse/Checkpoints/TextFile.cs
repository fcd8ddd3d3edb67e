namespace Transfuse.Checkpoints;

/// <summary>Small text files of a checkpoint.</summary>
internal static class TextFile
{
    /// <summary>Writes <paramref name="text"/> under a <c>.partial</c> name and gives it the final one when it is complete.</summary>
    internal static void Write(string path, string text)
    {
        var partial = path + ".partial";
        File.WriteAllText(partial, text);
        File.Move(partial, path, overwrite: true);
    }
}
