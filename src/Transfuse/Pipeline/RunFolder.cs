using System.Globalization;
using Transfuse.Errors;

namespace Transfuse.Pipeline;

/// <summary>
/// The folder of one run: everything needed to understand, resume and repeat it.
/// <code>
/// recipe.yaml  recipe.resolved.yaml  manifest.json  status.json  metrics.jsonl
/// corpus/  tokenizers/  models/  distributions/  eval/  report.html
/// </code>
/// A part is complete when its folder stands under its final name; an unfinished one ends in <c>.partial</c>.
/// </summary>
public sealed class RunFolder
{
    private RunFolder(string path)
    {
        Path = path;
    }

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>The recipe as it was given.</summary>
    public string RecipeFile => At("recipe.yaml");

    /// <summary>The recipe with every key; what a resumed run reads.</summary>
    public string ResolvedRecipeFile => At("recipe.resolved.yaml");

    /// <summary>State, stage and process of the run.</summary>
    public string StatusFile => At("status.json");

    /// <summary>One object per logged step of every stage.</summary>
    public string MetricsFile => At("metrics.jsonl");

    /// <summary>Table and curves for people.</summary>
    public string ReportFile => At("report.html");

    /// <summary>Makes the next free folder <c>&lt;name&gt;-&lt;n&gt;</c> below <paramref name="runs"/>.</summary>
    public static RunFolder Create(string runs, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Directory.CreateDirectory(runs);
        var number = Directory.GetDirectories(runs, name + "-*")
            .Select(path => System.IO.Path.GetFileName(path)[(name.Length + 1)..])
            .Select(suffix => int.TryParse(suffix, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0)
            .DefaultIfEmpty(0)
            .Max() + 1;
        var folder = System.IO.Path.Combine(runs, string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"));
        Directory.CreateDirectory(folder);
        return new RunFolder(System.IO.Path.GetFullPath(folder));
    }

    /// <summary>Uses <paramref name="path"/> for a new run.</summary>
    /// <exception cref="InputException">It already holds a run.</exception>
    public static RunFolder CreateAt(string path)
    {
        var folder = new RunFolder(System.IO.Path.GetFullPath(path));
        if (File.Exists(folder.ResolvedRecipeFile))
        {
            throw new InputException(path, "holds a run already. Continue it with `transfuse resume`, or choose another folder.");
        }

        Directory.CreateDirectory(folder.Path);
        return folder;
    }

    /// <summary>Opens the folder of an existing run.</summary>
    /// <exception cref="InputException">There is no run in it.</exception>
    public static RunFolder Open(string path)
    {
        var folder = new RunFolder(System.IO.Path.GetFullPath(path));
        return File.Exists(folder.ResolvedRecipeFile)
            ? folder
            : throw new InputException(path, "holds no run (recipe.resolved.yaml is missing). `transfuse run RECIPE` starts one.");
    }

    /// <summary>A path inside the folder.</summary>
    public string At(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);
}
