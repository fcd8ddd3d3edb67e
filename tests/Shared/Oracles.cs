using System.Diagnostics;
using System.Globalization;

namespace Transfuse.Tests.Shared;

/// <summary>
/// Independent programs to compare with, built by the reference material's <c>oracles/setup.sh</c> into the folder that TRANSFUSE_ORACLES names
/// (its own default: <c>oracle-work</c> beside the script).
/// </summary>
internal static class Oracles
{
    /// <summary>The folder. May not exist.</summary>
    internal static string Root { get; } = Environment.GetEnvironmentVariable("TRANSFUSE_ORACLES") is { Length: > 0 } folder
        ? Path.GetFullPath(folder)
        : Path.Combine(Golden.Root, "..", "oracles", "oracle-work");

    /// <summary>llama.cpp's library of quantised types.</summary>
    internal static string? Ggml => Find("libggml-base.so");

    /// <summary>Vocabularies of real models with texts and ids, as llama.cpp's own tests use them.</summary>
    internal static string Vocabularies => Path.Combine(Root, "llama", "src-bundle", "models");

    /// <summary>Runs <c>llora</c>, the command line over llama.cpp, and returns what it printed.</summary>
    internal static string Llora(string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Root, "llora"))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LLORA_LOG"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, string.Create(CultureInfo.InvariantCulture, $"llora {string.Join(' ', arguments)}: {process.ExitCode}. {error.Result}"));
        return output;
    }

    /// <summary>Why a test that needs llama.cpp cannot run, or null if it can.</summary>
    internal static string? SkipReason() => File.Exists(Path.Combine(Root, "llora")) && Ggml is not null
        ? null
        : "llama.cpp is not here; run the reference material's oracles/setup.sh and set TRANSFUSE_ORACLES to its folder.";

    private static string? Find(string library) =>
        Directory.Exists(Path.Combine(Root, "llama")) ? Directory.EnumerateFiles(Path.Combine(Root, "llama"), library, SearchOption.AllDirectories).FirstOrDefault() : null;
}
