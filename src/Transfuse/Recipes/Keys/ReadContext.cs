using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>What one reading of a recipe carries along: the problems so far, and how to ask whether a file exists.</summary>
/// <param name="Problems">Takes what is wrong.</param>
/// <param name="PathExists">Whether an input is there; null leaves that unchecked.</param>
/// <param name="ModelExists">Whether a model is there or can be fetched; null leaves that unchecked.</param>
internal sealed record ReadContext(ProblemList Problems, Func<string, bool>? PathExists, Func<string, bool>? ModelExists)
{
    /// <summary>The dotted path of a key.</summary>
    internal static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
