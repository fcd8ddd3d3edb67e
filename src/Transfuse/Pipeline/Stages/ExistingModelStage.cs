using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices;

namespace Transfuse.Pipeline.Stages;

/// <summary>A model that was there before the run: its folder is named and its content is pinned by hash, not copied.</summary>
internal sealed class ExistingModelStage : ModelStage
{
    private const string ReferenceFile = "model.json";
    private static readonly string[] Ignored = [".md", ".txt", ".gitattributes"];
    private readonly string _folder;

    internal ExistingModelStage(string model, string folder)
    {
        Model = model;
        _folder = folder;
    }

    internal override string Model { get; }

    internal override string Name => $"model {Model}";

    internal override string Folder => $"models/{Model.Replace('/', '-')}";

    internal override IReadOnlyList<Stage> Inputs => [];

    internal override string Parameters => _folder;

    internal override bool IsReproducible => false;

    internal override string ModelFolder(RunFolder run) => _folder;

    internal override string ResultKey(RunFolder run) => ContentHash.OfFile(run.At(Folder, ReferenceFile));

    internal override LanguageModel Rehearse(Device rehearsal, WeightPrecision precision)
    {
        RequireFolder();
        return PretrainedModel.Load(_folder, rehearsal, precision: precision);
    }

    internal override void Run(StageContext context, string folder)
    {
        RequireFolder();
        AtomicFile.Write(Path.Combine(folder, ReferenceFile), stream =>
        {
            using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            writer.WriteStartObject();
            foreach (var file in Directory.GetFiles(_folder).Where(file => !Ignored.Contains(Path.GetExtension(file), StringComparer.Ordinal)).Order(StringComparer.Ordinal))
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                writer.WriteString(Path.GetFileName(file), ContentHash.OfFile(file));
            }

            writer.WriteEndObject();
        });
    }

    private void RequireFolder()
    {
        if (!Directory.Exists(_folder))
        {
            throw new InputException(_folder, "no such model folder. Name a Hugging Face folder with config.json, model.safetensors and tokenizer.json.");
        }
    }
}
