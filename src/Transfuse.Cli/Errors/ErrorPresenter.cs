using System.CommandLine;
using System.Text.Json.Nodes;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Errors;
using Transfuse.Recipes;
using Transfuse.Recipes.Reading;
using Transfuse.Tensors.Errors;

namespace Transfuse.Cli.Errors;

/// <summary>Turns exceptions and usage errors into words on stderr and an exit code. stdout stays as it is.</summary>
internal static class ErrorPresenter
{
    /// <summary>Presents what ended a command.</summary>
    internal static int Present(Exception exception, ToolContext context)
    {
        if (exception is OperationCanceledException)
        {
            var code = context.Environment.Termination.ExitCode ?? ExitCodes.Interrupted;
            context.Output.Note(code == ExitCodes.Terminated ? "Terminated." : "Interrupted.");
            return code;
        }

        var report = Describe(exception);
        Write(report, context.Output, exception as RecipeException, context.Settings.IsVerbose ? exception : null);
        return report.ExitCode;
    }

    /// <summary>Presents a command line that the parser refused.</summary>
    internal static int PresentUsage(ParseResult parsed, ToolOutput output)
    {
        var command = parsed.CommandResult.Command;
        var name = command is RootCommand ? "transfuse" : $"transfuse {command.Name}";
        var lines = new List<string>();
        // After an unknown verb, nothing that follows it can be judged.
        lines.AddRange(parsed.UnmatchedTokens.Take(command is RootCommand ? 1 : int.MaxValue).Select(token => DescribeUnmatched(token, command)));

        if (lines.Count == 0)
        {
            lines.AddRange(parsed.Errors.Select(error => error.Message.TrimEnd('.')).Distinct(StringComparer.Ordinal));
        }

        Write(new ErrorReport(ExitCodes.Usage, "usage", string.Join('\n', lines), null, $"See '{name} --help'."), output, null, null);
        return ExitCodes.Usage;
    }

    /// <summary>The words and the code for an exception.</summary>
    internal static ErrorReport Describe(Exception exception) => exception switch
    {
        RecipeException e => new(ExitCodes.RecipeInvalid, "recipe", e.Message, null, "Keys and values: 'transfuse schema'."),
        UsageException e => new(ExitCodes.Usage, "usage", e.Message, null, e.Advice),
        InputException { InnerException: IOException inner } e when IsDiskFull(inner) => new(ExitCodes.WouldNotFit, "resources", e.Message, e.Path, null),
        InputException e => new(ExitCodes.InputInvalid, "input", e.Message, e.Path, null),
        CheckFailedException e => new(ExitCodes.CheckFailed, "check", e.Message, null, null),
        ResourceLimitException e => new(ExitCodes.WouldNotFit, "resources", e.Message, null, null),
        OutOfMemoryException => new(ExitCodes.WouldNotFit, "resources", "The machine has no more memory.", null, "Use a smaller batch or a shorter block."),
        IOException e when IsDiskFull(e) => new(ExitCodes.WouldNotFit, "resources", e.Message, null, "Free disk space, or use another folder."),
        TransfuseException e => new(ExitCodes.Unexpected, "error", e.Message, null, null),
        IOException or UnauthorizedAccessException => new(ExitCodes.Unexpected, "environment", exception.Message, null, null),
        _ => new(
            ExitCodes.Unexpected,
            "unexpected",
            $"{exception.GetType().Name}: {exception.Message}",
            null,
            "This is a fault of transfuse. Run again with --verbose and report it with the output of 'transfuse doctor --json'."),
    };

    private static void Write(ErrorReport report, ToolOutput output, RecipeException? recipe, Exception? trace)
    {
        if (output.Mode == OutputMode.Json)
        {
            output.WriteErrorJson(ToJson(report, recipe, trace));
            return;
        }

        output.Error(report.What);
        if (report.Advice is not null)
        {
            output.ErrorDetail(report.Advice);
        }

        if (trace is not null)
        {
            output.ErrorDetail(trace.ToString());
        }
    }

    private static JsonObject ToJson(ErrorReport report, RecipeException? recipe, Exception? trace)
    {
        var json = new JsonObject
        {
            ["schema"] = "transfuse.error/1",
            ["exit_code"] = report.ExitCode,
            ["kind"] = report.Kind,
            ["message"] = report.What,
            ["path"] = report.Where,
            ["advice"] = report.Advice,
        };
        if (recipe is not null)
        {
            json["problems"] = ToJson(recipe.Problems);
        }

        if (trace is not null)
        {
            json["trace"] = trace.ToString();
        }

        return json;
    }

    /// <summary>A list of problems of recipes as JSON.</summary>
    internal static JsonArray ToJson(IEnumerable<RecipeProblem> problems) => new([.. problems.Select(problem => (JsonNode)new JsonObject
    {
        ["file"] = problem.File,
        ["line"] = problem.Line,
        ["column"] = problem.Column,
        ["key"] = problem.Key,
        ["message"] = problem.Message,
        ["suggestion"] = problem.Suggestion,
    })]);

    private static string DescribeUnmatched(string token, Command command)
    {
        if (token.StartsWith('-'))
        {
            var flags = command.Options.Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(o => o.Recursive)))
                .SelectMany(option => option.Aliases.Prepend(option.Name));
            return Sentence($"unknown flag '{token}'", SpellingSuggestion.DidYouMean(token.Split('=')[0], flags));
        }

        return command is RootCommand
            ? Sentence($"unknown verb '{token}'", SpellingSuggestion.DidYouMean(token, command.Subcommands.Select(verb => verb.Name)))
            : $"unexpected argument '{token}'";
    }

    private static string Sentence(string what, string? suggestion) => suggestion is null ? what : $"{what} — {suggestion}";

    // ENOSPC on Unix, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
    private static bool IsDiskFull(IOException exception) => (exception.HResult & 0xFFFF) is 28 or 112 or 39;
}
