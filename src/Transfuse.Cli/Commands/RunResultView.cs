using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Evaluation;
using Transfuse.Pipeline;

namespace Transfuse.Cli.Commands;

/// <summary>The table that a run ends with.</summary>
internal static class RunResultView
{
    /// <summary>Writes the result of a run.</summary>
    /// <param name="context">The command.</param>
    /// <param name="schema">Schema of the JSON form.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="result">The result.</param>
    /// <param name="elapsed">Time it took, where the command measures it.</param>
    internal static void Write(ToolContext context, string schema, long? seed, RunResult result, TimeSpan? elapsed = null)
    {
        context.Output.Result(schema, () => ToJson(seed, result, elapsed), () => WriteTable(context.Output, result), result.Run.Path);
        context.Output.Note($"Run    {result.Run.Path}");
        context.Output.Note($"Report {result.Run.ReportFile}");
        context.Output.Note($"Model  {result.ModelFolder}");
        context.Output.Note($"Next:  transfuse generate {ShellText.Argument(result.ModelFolder)} \"The method returns\"");
    }

    /// <summary>Bits per byte, a row a model and a column a domain.</summary>
    internal static TextTable Table(IReadOnlyList<DomainScores> rows)
    {
        var domains = rows[0].BitsPerByte.Select(domain => domain.Key).ToArray();
        var table = new TextTable(["model", "architecture", "parameters#", .. domains.Select(domain => domain + "#"), "average#"]);
        foreach (var row in rows)
        {
            table.Row([row.Name, row.ModelType, ProgressText.Number(row.Parameters), .. row.BitsPerByte.Select(domain => Bits(domain.Value)), Bits(row.Average)]);
        }

        return table;
    }

    private static void WriteTable(ToolOutput output, RunResult result)
    {
        output.Line("Bits per byte on held-out text (lower is better)");
        output.Table(Table(result.Rows));
        output.Line(FusionVerdict.Of(result.Rows));
    }

    private static string Bits(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    private static JsonObject ToJson(long? seed, RunResult result, TimeSpan? elapsed)
    {
        var json = new JsonObject
        {
            ["seed"] = seed,
            ["domains"] = new JsonArray([.. result.Rows[0].BitsPerByte.Select(domain => (JsonNode)domain.Key)]),
            ["rows"] = new JsonArray([.. result.Rows.Select(ToJson)]),
            ["train_tokens"] = result.TrainTokens,
        };
        if (elapsed is { } time)
        {
            json["seconds"] = Math.Round(time.TotalSeconds, 1);
        }

        json["run"] = result.Run.Path;
        return json;
    }

    /// <summary>One row of the table.</summary>
    internal static JsonNode ToJson(DomainScores row) => new JsonObject
    {
        ["name"] = row.Name,
        ["model"] = row.ModelType,
        ["parameters"] = row.Parameters,
        ["bits_per_byte"] = new JsonObject(row.BitsPerByte.Select(domain => KeyValuePair.Create(domain.Key, (JsonNode?)domain.Value))),
        ["average"] = row.Average,
    };
}
