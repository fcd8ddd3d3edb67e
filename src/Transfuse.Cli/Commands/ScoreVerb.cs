using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Errors;
using Transfuse.Models;

namespace Transfuse.Cli.Commands;

/// <summary><c>score</c>: the log-probability of every token of one text, and what the model would have said instead.</summary>
internal sealed class ScoreVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Model folder, .gguf file, or name on the hub." };
    private readonly TextInput _input = new();
    private readonly Option<string?> _ids = new("--ids") { Description = "A file with a JSON list of token ids, in place of a text; needs no tokenizer.", HelpName = "file" };
    private readonly Option<int?> _top = NumberOption.Whole("--top", "Also list the n most probable tokens in each place, at most the whole vocabulary.", "n", 0);
    private readonly AdapterFlag _adapter = new();

    internal ScoreVerb()
        : base(
            "score",
            "Tells how probable a model finds every token of a text given all before it, read at once within the context. The first token is predicted by nothing.",
            "transfuse score models/a --text \"The method returns\" --top 5",
            "transfuse score models/a --file page.txt --json",
            "transfuse score models/a --ids ids.json --top 1000000 --json")
    {
        Add(_model);
        _input.AddTo(this);
        Add(_ids);
        Add(_top);
        _adapter.AddTo(this);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var path = context.Arguments.GetRequiredValue(_model);
        var folder = context.ResolveModel(path, cancellation);
        var input = ReadInput(context, folder);
        using var device = context.CreateDevice();
        using var model = _adapter.Load(context, folder, device, cancellation);
        input.CheckFits(path, model);
        var top = Math.Min(context.Arguments.GetValue(_top) ?? 0, model.VocabularySize);
        if ((long)top * input.Ids.Length > Array.MaxLength)
        {
            throw new UsageException($"--top {top} for {input.Ids.Length} tokens is too much for one result", "Use a smaller --top, or a shorter text.");
        }

        var scores = new SequenceScorer(model, device).Score([input.Ids], top, cancellation).Single();
        CheckFinite(input, scores);
        // Subtracted from 0, since the negative of no loss at all would be shown as −0.
        var nats = 0 - scores.TotalLogProbability;
        var bitsPerByte = nats / Math.Log(2) / input.Text?.Length;
        context.Output.Result(
            "transfuse.score/1",
            json => WriteJson(json, path, input, scores, bitsPerByte),
            () => Write(context.Output, input, scores, bitsPerByte),
            (bitsPerByte ?? nats).ToString("R", CultureInfo.InvariantCulture));
        return ExitCodes.Done;
    }

    private ScoredInput ReadInput(ToolContext context, string folder)
    {
        var ids = context.Arguments.GetValue(_ids);
        if (_input.Count(context) + (context.Arguments.GetResult(_ids) is null ? 0 : 1) != 1)
        {
            throw new UsageException("exactly one of --text, --file and --ids is needed", "See 'transfuse score --help'.");
        }

        return ids is not null
            ? ScoredInput.OfIds(context, ids)
            : ScoredInput.OfText(_input.NameOf(context), _input.Read(context), folder, _input.AddsSpecialTokens(context));
    }

    // The scorer refuses what is not a number; an infinite one has no form in JSON and is as wrong.
    private static void CheckFinite(ScoredInput input, SequenceScores scores)
    {
        for (var i = 1; i < scores.TokenIds.Length; i++)
        {
            var isFinite = float.IsFinite(scores.LogProbabilities[i]);
            foreach (var value in scores.TopLogProbabilitiesAt(i))
            {
                isFinite &= float.IsFinite(value);
            }

            if (!isFinite)
            {
                throw new CheckFailedException($"{input.Name}, token {i}: a log-probability is not finite. The model's weights are damaged or training diverged.");
            }
        }
    }

    private static void WriteJson(Utf8JsonWriter json, string model, ScoredInput input, SequenceScores scores, double? bitsPerByte)
    {
        json.WriteString("model", model);
        WriteNumber(json, "bytes", input.Text?.Length);
        json.WriteStartArray("tokens");
        for (var i = 0; i < scores.TokenIds.Length; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", scores.TokenIds[i]);
            json.WriteString("text", input.TextOf(i));
            WriteNumber(json, "start", input.Spans?[i].Start);
            WriteNumber(json, "end", input.Spans?[i].End);
            WriteNumber<float>(json, "logprob", i == 0 ? null : scores.LogProbabilities[i]);
            WriteTop(json, scores, i);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("nats", 0 - scores.TotalLogProbability);
        WriteNumber(json, "bits_per_byte", bitsPerByte);
    }

    private static void WriteTop(Utf8JsonWriter json, SequenceScores scores, int index)
    {
        json.WriteStartArray("top");
        for (var i = 0; index > 0 && i < scores.TopCount; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", scores.TopIdsAt(index)[i]);
            json.WriteNumber("logprob", scores.TopLogProbabilitiesAt(index)[i]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNumber<T>(Utf8JsonWriter json, string name, T? value)
        where T : struct
    {
        json.WritePropertyName(name);
        JsonSerializer.Serialize(json, value);
    }

    private static void Write(ToolOutput output, ScoredInput input, SequenceScores scores, double? bitsPerByte)
    {
        for (var i = 0; i < scores.TokenIds.Length; i++)
        {
            var logProbability = i == 0 ? "-" : scores.LogProbabilities[i].ToString("F4", CultureInfo.InvariantCulture);
            var line = string.Create(CultureInfo.InvariantCulture, $"{scores.TokenIds[i],7}  {logProbability,9}  {ShownText(input, i)}").TrimEnd();
            output.Line(line + (i == 0 || scores.TopCount == 0 ? string.Empty : $"  [{TopText(input, scores, i)}]"));
        }

        output.Line(string.Create(CultureInfo.InvariantCulture, $"{scores.TokenIds.Length} tokens, {0 - scores.TotalLogProbability:F4} nats")
            + (bitsPerByte is { } bits ? string.Create(CultureInfo.InvariantCulture, $", {input.Text?.Length} bytes, {bits:F4} bits per byte") : string.Empty));
    }

    private static string? ShownText(ScoredInput input, int index) => input.Spans?[index] is { Length: > 0 } span
        ? TokenText.Quote(input.Text.AsSpan(span.Start, span.Length))
        : input.TextOf(index);

    private static string TopText(ScoredInput input, SequenceScores scores, int index)
    {
        var ids = scores.TopIdsAt(index).ToArray();
        var values = scores.TopLogProbabilitiesAt(index).ToArray();
        return string.Join(", ", ids.Zip(values, (id, value) => string.Create(
            CultureInfo.InvariantCulture,
            $"{(input.Tokenizer is { } tokenizer ? NameOf(tokenizer, id) : id.ToString(CultureInfo.InvariantCulture))} {value:F3}")));
    }

    private static string NameOf(Tokenization.Tokenizer tokenizer, int id) =>
        tokenizer.TokenBytes(id) is { Length: > 0 } bytes ? TokenText.Quote(bytes.Span) : tokenizer.TokenString(id) ?? id.ToString(CultureInfo.InvariantCulture);
}
