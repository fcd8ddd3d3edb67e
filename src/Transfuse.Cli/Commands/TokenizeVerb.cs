using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary><c>tokenize</c>: the token ids of a text and where each token lies in its bytes.</summary>
internal sealed class TokenizeVerb : Verb
{
    private readonly Argument<string> _path = new("model") { Description = "Model folder, name on the hub, or tokenizer file." };
    private readonly TextInput _input = new();

    internal TokenizeVerb()
        : base(
            "tokenize",
            "Cuts a text into the tokens of a model: ids, and the bytes of the text that each stands for.",
            "transfuse tokenize models/a --text \"The method returns\"",
            "transfuse tokenize models/a/tokenizer.json --file page.txt --no-special --json")
    {
        Add(_path);
        _input.AddTo(this);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var text = _input.Read(context);
        var tokenizer = TokenizerFile.Load(context.ResolveModel(context.Arguments.GetRequiredValue(_path), cancellation));
        var encoding = tokenizer.Encode(text, _input.AddsSpecialTokens(context));
        context.Output.Result(
            "transfuse.tokenize/1",
            json => WriteJson(json, encoding),
            () => Write(context.Output, text, tokenizer, encoding),
            string.Join(' ', encoding.Ids.Select(id => id.ToString(CultureInfo.InvariantCulture))));
        return ExitCodes.Done;
    }

    private static void WriteJson(Utf8JsonWriter json, Encoding encoding)
    {
        json.WriteStartArray("ids");
        foreach (var id in encoding.Ids)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
        json.WriteStartArray("spans");
        foreach (var span in encoding.Spans)
        {
            json.WriteStartArray();
            json.WriteNumberValue(span.Start);
            json.WriteNumberValue(span.End);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void Write(ToolOutput output, string text, Tokenizer tokenizer, Encoding encoding)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (var (id, span) in encoding.Ids.Zip(encoding.Spans))
        {
            var shown = span.Length > 0 ? TokenText.Quote(bytes.AsSpan(span.Start, span.Length)) : tokenizer.TokenString(id);
            output.Line(string.Create(CultureInfo.InvariantCulture, $"{id,7}  {$"{span.Start}-{span.End}",-13}  {shown}"));
        }
    }
}
