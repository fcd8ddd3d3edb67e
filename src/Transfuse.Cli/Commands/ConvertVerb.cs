using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Diagnostics;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;

namespace Transfuse.Cli.Commands;

/// <summary><c>convert</c>: a Hugging Face folder to a GGUF file, or back, and a model with adapters merged into it to either.</summary>
internal sealed class ConvertVerb : Verb
{
    private static readonly (string Name, DType Type, SafetensorsType? ForFolders)[] Types =
    [
        ("f32", DType.F32, SafetensorsType.F32), ("f16", DType.F16, SafetensorsType.F16), ("bf16", DType.BF16, SafetensorsType.BF16),
        ("q8_0", DType.Q8_0, null), ("q4_0", DType.Q4_0, null),
    ];

    private static readonly (string Suffix, long Bytes)[] Units = [("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)];

    private readonly Argument<string> _source = new("source") { Description = "Model folder, GGUF file, or name on the hub." };
    private readonly Argument<string> _target = new("target") { Description = "GGUF file to write, or folder." };

    private readonly Option<string?> _type = new("--type")
    {
        Description = $"Type of the matrices: {string.Join(", ", Types.Select(type => type.Name))}. Default: as they are; a folder gets f32 for quantised ones.",
        HelpName = "type",
    };

    private readonly Option<string?> _maxShardSize = new("--max-shard-size") { Description = "Most bytes of weights in one file of a folder, such as 5GB (the default) or 500MB.", HelpName = "size" };
    private readonly Option<bool> _yes = new("--yes") { Description = "Overwrite a model that is there." };

    private readonly AdapterFlag _adapter = new();

    internal ConvertVerb()
        : base(
            "convert",
            "Writes a model in another form: Hugging Face folder to GGUF or back, with tokenizer and configuration; with adapters, either to either.",
            "transfuse convert models/a a.gguf --type q8_0",
            "transfuse convert a.gguf models/a",
            "transfuse convert models/a models/merged --adapter adapters/a")
    {
        _type.CompletionSources.Add([.. Types.Select(type => type.Name)]);
        Add(_source);
        Add(_target);
        Add(_type);
        Add(_maxShardSize);
        _adapter.AddTo(this);
        Add(_yes);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var (source, target) = (context.Arguments.GetRequiredValue(_source), context.Arguments.GetRequiredValue(_target));
        var (from, to) = (context.ResolveModel(source, cancellation), context.Resolve(target));
        var type = ReadType(context);
        var adapters = _adapter.Read(context, cancellation);
        var file = GgufCheckpoint.FindFile(from);
        var isGgufTarget = target.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase);
        if (adapters.Count == 0 && file is not null == isGgufTarget)
        {
            throw new UsageException(
                isGgufTarget ? $"{source} is GGUF already" : $"{target} is no GGUF file, and {source} is a folder already",
                "Give a folder and a .gguf file, in the direction you want, or adapters to merge.");
        }

        RequireRoom(context, target, to);
        context.Output.WithProgress(progress =>
        {
            if (adapters.Count > 0)
            {
                Merge(context, from, adapters, to, isGgufTarget, type, progress, cancellation);
            }
            else if (file is null)
            {
                ModelConversion.ToGguf(from, to, type?.Type, progress, cancellation);
            }
            else
            {
                ModelConversion.ToFolder(file, to, ForFolders(type), ShardBytes(context), progress, cancellation);
            }

            return true;
        });
        var bytes = isGgufTarget ? new FileInfo(to).Length : new DirectoryInfo(to).EnumerateFiles("*.safetensors").Sum(shard => shard.Length);
        context.Output.Result(
            "transfuse.convert/1",
            () => new JsonObject { ["source"] = source, ["target"] = target, ["bytes"] = bytes },
            () => context.Output.Line($"{target}: {ProgressText.Bytes(bytes)}"),
            target);
        return ExitCodes.Done;
    }

    private void Merge(
        ToolContext context, string from, IReadOnlyList<string> adapters, string to, bool isGgufTarget, (string Name, DType Type, SafetensorsType? ForFolders)? type,
        IProgress<RunEvent> progress, CancellationToken cancellation)
    {
        using var device = context.CreateDevice();
        if (isGgufTarget)
        {
            AdapterMerge.ToGguf(from, adapters, to, device, type?.Type, progress, cancellation);
        }
        else
        {
            AdapterMerge.ToFolder(from, adapters, to, device, ForFolders(type), ShardBytes(context), progress);
        }
    }

    private (string Name, DType Type, SafetensorsType? ForFolders)? ReadType(ToolContext context)
    {
        if (context.Arguments.GetValue(_type) is not { } name)
        {
            return null;
        }

        var index = Array.FindIndex(Types, type => string.Equals(type.Name, name, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? Types[index] : throw new UsageException($"no type '{name}'", $"Types: {string.Join(", ", Types.Select(type => type.Name))}.");
    }

    private static SafetensorsType? ForFolders((string Name, DType Type, SafetensorsType? ForFolders)? type) =>
        type is { ForFolders: null } quantised
            ? throw new UsageException($"a Hugging Face folder cannot hold {quantised.Name}", "Types of folders: f32, f16, bf16.")
            : type?.ForFolders;

    private long ShardBytes(ToolContext context)
    {
        if (context.Arguments.GetValue(_maxShardSize) is not { } text)
        {
            return SafetensorsShards.UsualShardBytes;
        }

        foreach (var (suffix, bytes) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * bytes is >= 1 and < 1e18)
            {
                return (long)(number * bytes);
            }
        }

        throw new UsageException($"--max-shard-size must be a size such as 5GB or 500MB, found '{text}'", "See 'transfuse convert --help'.");
    }

    private void RequireRoom(ToolContext context, string target, string path)
    {
        var isThere = File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any());
        if (isThere && !context.Arguments.GetValue(_yes))
        {
            throw new UsageException($"{target} exists already", "Name another one, or overwrite it with --yes.");
        }
    }
}
