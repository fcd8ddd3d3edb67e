using System.Text.Json;
using Transfuse.Adapters;
using Transfuse.Artifacts;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Cli.Hosting;
using Transfuse.Errors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>Finds out what a path is, by the files that are there, and makes its card.</summary>
internal static class CardReader
{
    private const string Known = "a model folder, an adapter folder, a .gguf or .safetensors file, a tokenizer.json, a distribution store, a prepared corpus or a run folder";

    /// <summary>The card of a path.</summary>
    /// <exception cref="InputException">There is nothing, nothing known, or it is damaged.</exception>
    internal static Card Read(ToolContext context, string path, CancellationToken cancellation)
    {
        var full = context.ResolveModel(path, cancellation);
        using var device = context.CreateDevice();
        return Directory.Exists(full) ? OfFolder(context, path, full, device) : OfFile(path, full, device);
    }

    private static Card OfFile(string path, string full, Device device) => Path.GetExtension(full) switch
    {
        ".safetensors" => SafetensorsCard.Of(full),
        GgufFile.Extension => GgufCard.Of(full, device),
        ".json" when Path.GetFileName(full).Contains("tokenizer", StringComparison.OrdinalIgnoreCase) => TokenizerCard.Of(full),
        _ => throw new InputException(path, $"is no file that can be inspected; expected {Known}."),
    };

    // A run's folder has a manifest, too, so it comes first.
    private static Card OfFolder(ToolContext context, string path, string full, Device device)
    {
        bool Has(string file) => File.Exists(Path.Combine(full, file));
        return Has("recipe.resolved.yaml") ? RunCard.Of(context, full)
            : Has(LoraConfigFile.FileName) && !Has(ModelConfig.FileName) ? AdapterCard.Of(full)
            : Has(ModelConfig.FileName) ? CheckpointCard.Of(full, device)
            : Has(Manifest.FileName) && KindOf(Path.Combine(full, Manifest.FileName)) is { } kind ? OfArtifact(path, full, kind)
            : Has(TokenizerCard.FileName) ? TokenizerCard.Of(full)
            : GgufCheckpoint.FindFile(full) is { } gguf ? GgufCard.Of(gguf, device)
            : throw new InputException(path, $"is no folder that can be inspected; expected {Known}.");
    }

    private static Card OfArtifact(string path, string full, string kind) => kind switch
    {
        StoreCard.Kind => StoreCard.Of(full),
        Corpora.CorpusFile.Kind => CorpusCard.Of(full),
        _ => throw new InputException(path, $"holds an artifact of the kind '{kind}', which cannot be inspected; expected {Known}."),
    };

    // Only the kind is asked here; whoever opens the artifact checks the whole manifest.
    private static string? KindOf(string manifest)
    {
        const long longest = 16 << 20;
        try
        {
            if (new FileInfo(manifest).Length > longest)
            {
                throw new ArtifactException(manifest, $"is longer than {longest} bytes, so it is no manifest.");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(manifest));
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("kind", out var kind) && kind.ValueKind == JsonValueKind.String
                ? kind.GetString()
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ArtifactException(manifest, $"cannot be read ({exception.Message}). Copy the folder again.", exception);
        }
    }
}
