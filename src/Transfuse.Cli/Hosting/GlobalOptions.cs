using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Transfuse.Cli.Output;
using Transfuse.Recipes;

namespace Transfuse.Cli.Hosting;

/// <summary>The options that every verb has.</summary>
internal sealed class GlobalOptions
{
    private readonly Option<string> _format = new("--format")
    {
        Description = "Form of the result: human, json or quiet.",
        HelpName = "form",
        Recursive = true,
        DefaultValueFactory = _ => "human",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Short for --format json.", Recursive = true };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Short for --format quiet.", Recursive = true };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Say more; with errors, where they arose.", Recursive = true };
    private readonly Option<bool> _noColor = new("--no-color") { Description = "No colours (also NO_COLOR).", Recursive = true };
    private readonly Option<bool> _noProgress = new("--no-progress") { Description = "No progress.", Recursive = true };

    private readonly Option<int> _threads = new("--threads")
    {
        Description = "Threads; 0 is one per core. Does not change results.",
        HelpName = "n",
        Recursive = true,
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<long?> _seed = new("--seed") { Description = "Seed, in place of the recipe's.", HelpName = "n", Recursive = true };

    private readonly Option<string?> _precision = new("--precision")
    {
        Description = "Precision of matrix products: float32, bfloat16, auto (bfloat16 where it is the faster), or int8 (integers with quantised weights, all else as auto). Otherwise the recipe's, or float32.",
        HelpName = "type",
        Recursive = true,
    };

    private readonly Option<long?> _memoryLimit = new("--memory-limit")
    {
        Description = "Most memory that models and batches may take, for example 8GB; otherwise what the machine has. What cannot fit is refused.",
        HelpName = "size",
        Recursive = true,
    };

    private readonly Option<string?> _folder = new("--directory", "-C")
    {
        Description = "Folder that relative paths start from.",
        HelpName = "dir",
        Recursive = true,
    };

    /// <summary>Declares the options on the root, so that they may stand before or after the verb.</summary>
    internal GlobalOptions(RootCommand root)
    {
        _format.AcceptOnlyFromAmong("human", "json", "quiet");
        _precision.AcceptOnlyFromAmong("float32", "bfloat16", "auto", "int8");
        _threads.CustomParser = result => (int)ReadNumber(result, int.MaxValue);
        _memoryLimit.CustomParser = ReadSize;
        _seed.CustomParser = result => ReadNumber(result, long.MaxValue);
        foreach (var option in new Option[] { _format, _json, _quiet, _verbose, _noColor, _noProgress, _threads, _seed, _precision, _memoryLimit, _folder })
        {
            root.Add(option);
        }
    }

    /// <summary>What the command line says; works on one with errors too.</summary>
    internal GlobalSettings Read(ParseResult result, ToolEnvironment environment) => new()
    {
        Mode = ReadMode(result),
        IsVerbose = IsSet(result, _verbose) || environment.Variable("TRANSFUSE_DEBUG") is "1",
        NoColor = IsSet(result, _noColor),
        NoProgress = IsSet(result, _noProgress),
        Threads = ValueOf(result, _threads),
        Seed = ValueOf(result, _seed),
        Precision = Enum.TryParse<PrecisionMode>(ValueOf(result, _precision), ignoreCase: true, out var precision) ? precision : null,
        MemoryLimit = ValueOf(result, _memoryLimit),
        Folder = Path.GetFullPath(ValueOf(result, _folder) ?? ".", environment.CurrentFolder),
    };

    private OutputMode ReadMode(ParseResult result)
    {
        if (IsSet(result, _json))
        {
            return OutputMode.Json;
        }

        return IsSet(result, _quiet) ? OutputMode.Quiet : ValueOf(result, _format) switch
        {
            "json" => OutputMode.Json,
            "quiet" => OutputMode.Quiet,
            _ => OutputMode.Human,
        };
    }

    private static bool IsSet(ParseResult result, Option<bool> option) => ValueOf(result, option);

    // A bad value was reported already; whoever reports it must not stumble over it.
    private static TValue? ValueOf<TValue>(ParseResult result, Option<TValue> option) =>
        result.GetResult(option) is { } found && found.Errors.Any() ? default : result.GetValue(option);

    private static long? ReadSize(ArgumentResult result)
    {
        if (ByteSize.TryParse(result.Tokens[0].Value, out var bytes))
        {
            return bytes;
        }

        result.AddError($"--memory-limit must be a size above 0 such as 8GB, 7.5GiB or 500MB, found '{result.Tokens[0].Value}'");
        return null;
    }

    // The library's own conversion throws out of the parser where a validator asks for the value.
    private static long ReadNumber(ArgumentResult result, long maximum)
    {
        var text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= maximum)
        {
            return number;
        }

        var option = (result.Parent as OptionResult)?.Option.Name;
        result.AddError($"{option} must be a whole number of at least 0, found '{text}'");
        return 0;
    }
}
