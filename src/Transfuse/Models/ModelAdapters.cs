using Transfuse.Adapters;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Models.Layers;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Models;

/// <summary>Puts adapters on models, from and to peft's folders, and merges them into the weights.</summary>
/// <remarks>
/// An adapted weight W + s·B·A is made anew for each forward pass, so that every kind of adapter and of layer goes one way; with recomputation
/// one block's are held at a time. Only the adapter's parameters are trainable while it is on the model.
/// </remarks>
public static class ModelAdapters
{
    /// <summary>Name of the file with the adapter's tensors.</summary>
    public const string FileName = "adapter_model.safetensors";

    /// <summary>A new adapter that changes nothing yet: A uniform within ±1/√columns, B zero (Hu et al. 2021, with peft's distribution).</summary>
    /// <param name="model">The model, whose parameters are frozen but for those that the adapter trains whole.</param>
    /// <param name="config">Which modules, and how strongly.</param>
    /// <param name="device">Where the model runs.</param>
    /// <param name="initialisation">Source of A.</param>
    /// <returns>The adapter, on the model; the caller disposes it after the model's last use.</returns>
    /// <exception cref="ArgumentException">The configuration is inconsistent or fits no module of the model; all problems are named.</exception>
    public static LoraAdapter Create(LanguageModel model, LoraConfig config, Device device, RandomStream initialisation)
    {
        ArgumentNullException.ThrowIfNull(initialisation);
        ArgumentNullException.ThrowIfNull(config);
        string[] problems = [.. config.Problems()];
        if (problems.Length > 0)
        {
            throw new ArgumentException($"No adapter can be made of this: {string.Join("; ", problems)}.", nameof(config));
        }

        return Build(model, config, device, message => new ArgumentException(message, nameof(config)), (place, up, down, magnitude) =>
        {
            // For an embedding peft draws B and leaves A zero; the product is zero in both cases.
            up.Fill(0);
            var bound = 1 / Math.Sqrt(down.Columns);
            foreach (ref var value in down.AsSpan())
            {
                value = (float)(bound * ((2 * initialisation.NextDouble()) - 1));
            }

            if (magnitude is not null)
            {
                using var rows = place.Rows();
                device.RowProducts(rows, rows, magnitude);
                foreach (ref var length in magnitude.AsSpan())
                {
                    length = MathF.Sqrt(length);
                }
            }
        });
    }

    /// <summary>Reads an adapter and puts it on a model. Parameters that it stores whole replace the model's.</summary>
    /// <param name="model">The model it was trained on.</param>
    /// <param name="folder">Folder with <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</param>
    /// <param name="device">Where the model runs.</param>
    /// <returns>The adapter, on the model; the caller disposes it after the model's last use.</returns>
    /// <exception cref="ModelFormatException">A file is missing or corrupt, or does not fit the model; tensors are named.</exception>
    public static LoraAdapter Load(LanguageModel model, string folder, Device device)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(folder);
        var config = LoraConfigFile.Load(folder);
        using var file = SafetensorsFile.Open(Path.Combine(folder, FileName));
        var places = AdapterPlaces.Of(model, config, message => new ModelFormatException(folder, message));
        CheckNames(file, places, config);
        CheckShapes(file, places, model, config);
        var adapter = Build(model, config, device, message => new ModelFormatException(folder, message), (place, up, down, magnitude) =>
        {
            ReadTensor(file, LoraModule.UpName(place.Module, place.IsEmbedding), up, place.IsEmbedding);
            ReadTensor(file, LoraModule.DownName(place.Module, place.IsEmbedding), down, place.IsEmbedding);
            if (magnitude is not null)
            {
                ReadTensor(file, LoraModule.MagnitudeName(place.Module), magnitude, isTransposed: false);
            }
        });
        foreach (var (spec, parameter) in AdapterPlaces.Saved(model, config))
        {
            spec.ForEachPart(parameter.Value, (part, rows) => part.Fill(rows, file, Find(file, LoraModule.WholeName(part.FileName), part.Shape)));
        }

        return adapter;
    }

    /// <summary>Writes an adapter so that peft loads it.</summary>
    /// <param name="model">The model it is on.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="folder">Folder to write to; made if it is not there.</param>
    public static void Save(LanguageModel model, LoraAdapter adapter, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(folder);
        Directory.CreateDirectory(folder);
        var parts = new List<(WeightPart Part, Tensor Value)>();
        foreach (var module in adapter.Modules)
        {
            parts.Add((PartOf(LoraModule.UpName(module.Name, module.IsEmbedding), module.Up.Value.Shape, module.IsEmbedding), module.Up.Value));
            parts.Add((PartOf(LoraModule.DownName(module.Name, module.IsEmbedding), module.Down.Value.Shape, module.IsEmbedding), module.Down.Value));
            if (module.Magnitude is { } magnitude)
            {
                parts.Add((PartOf(LoraModule.MagnitudeName(module.Name), magnitude.Value.Shape, isTransposed: false), magnitude.Value));
            }
        }

        parts.AddRange(AdapterPlaces.Saved(model, adapter.Config).Select(
            pair => (pair.Spec.Parts[0] with { FileName = LoraModule.WholeName(pair.Spec.Parts[0].FileName) }, pair.Parameter.Value)));
        var tensors = parts.Select(part => new SafetensorsTensor(
            part.Part.FileName, SafetensorsType.F32, [.. Enumerable.Range(0, part.Part.Shape.Rank).Select(axis => part.Part.Shape[axis])]));
        using (var writer = new SafetensorsWriter(Path.Combine(folder, FileName), tensors))
        {
            foreach (var (part, value) in parts)
            {
                part.Pour(value, values => writer.Write(part.FileName, values));
            }

            writer.Complete();
        }

        LoraConfigFile.Save(adapter.Config, folder);
    }

    /// <summary>Adds the updates to the model's weights and takes the adapter off: the model then gives the same without it.</summary>
    /// <remarks>Where the embedding is tied to the head, an update of the embedding changes the head as well, as in peft.</remarks>
    public static void Merge(LanguageModel model, LoraAdapter adapter, Device device)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        var decoder = Decoder(model);
        using (var tape = new Tape(device, recordGradients: false))
        {
            foreach (var parameter in decoder.Parameters)
            {
                var merged = decoder.Adaptations.Of(tape, parameter);
                if (!ReferenceEquals(merged, parameter))
                {
                    parameter.Value.CopyFrom(merged.Value);
                }
            }
        }

        Remove(model);
    }

    /// <summary>Takes the adapter off; every parameter is trainable again. Parameters that an adapter stores whole keep its values.</summary>
    public static void Remove(LanguageModel model)
    {
        var decoder = Decoder(model);
        decoder.Adaptations.Clear();
        foreach (var parameter in decoder.Parameters)
        {
            parameter.IsTrainable = true;
        }
    }

    private static LoraAdapter Build(
        LanguageModel model, LoraConfig config, Device device, Func<string, Exception> error, Action<AdapterPlace, Tensor, Tensor, Tensor?> fill)
    {
        ArgumentNullException.ThrowIfNull(device);
        var decoder = Decoder(model);
        var places = AdapterPlaces.Of(model, config, error);
        var modules = new List<LoraModule>();
        var made = new List<Parameter>();
        try
        {
            foreach (var place in places)
            {
                modules.Add(NewModule(place, config, device, made));
                var module = modules[^1];
                fill(place, module.Up.Value, module.Down.Value, module.Magnitude?.Value);
            }
        }
        catch
        {
            made.ForEach(parameter => parameter.Dispose());
            throw;
        }

        Parameter[] saved = [.. AdapterPlaces.Saved(model, config).Select(pair => pair.Parameter)];
        Remove(model);
        foreach (var parameter in decoder.Parameters)
        {
            parameter.IsTrainable = saved.Contains(parameter);
        }

        var adapter = new LoraAdapter(config, modules, saved);
        decoder.Adaptations.Set(adapter, places.Zip(modules).GroupBy(pair => pair.First.Parameter).Select(
            group => (group.Key, (IReadOnlyList<LowRankUpdate>)[.. group.Select(pair => pair.Second.Update)])));
        return adapter;
    }

    private static LoraModule NewModule(AdapterPlace place, LoraConfig config, Device device, List<Parameter> made)
    {
        var rank = config.RankOf(place.Module);
        var up = Add(LoraModule.UpName(place.Module, place.IsEmbedding), new Shape(place.RowCount, rank));
        var down = Add(LoraModule.DownName(place.Module, place.IsEmbedding), new Shape(rank, place.Parameter.Value.Columns));
        var magnitude = config.UsesDora ? Add(LoraModule.MagnitudeName(place.Module), new Shape(place.RowCount)) : null;
        return new LoraModule(
            place.Module, new LowRankUpdate(place.FirstRow, up, down, (float)config.ScaleOf(place.Module), magnitude), place.IsEmbedding);

        Parameter Add(string name, Shape shape)
        {
            made.Add(new Parameter(name, device.Allocate(shape)) { Decays = shape.Rank > 1 });
            return made[^1];
        }
    }

    private static DecoderModel Decoder(LanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model as DecoderModel ?? throw new ArgumentException($"A {model.ModelType} model takes no adapters.", nameof(model));
    }

    private static WeightPart PartOf(string name, Shape shape, bool isTransposed) =>
        new(name, isTransposed ? new Shape(shape[1], shape[0]) : shape, isTransposed);

    private static void ReadTensor(SafetensorsFile file, string name, Tensor value, bool isTransposed)
    {
        var part = PartOf(name, value.Shape, isTransposed);
        part.Fill(value, file, Find(file, name, part.Shape));
    }

    private static SafetensorsEntry Find(SafetensorsFile file, string name, Shape shape)
    {
        var entry = file.Get(name);
        return entry.HasShape(shape) && entry.Type.IsReal()
            ? entry
            : throw new ModelFormatException(file.Path, $"tensor '{name}' is {entry.Type} {entry.ShapeText}, expected reals {shape}. Is the adapter of this model?");
    }

    /// <summary>Before anything is allocated: a file is not to be trusted with ranks.</summary>
    private static void CheckShapes(SafetensorsFile file, IReadOnlyList<AdapterPlace> places, LanguageModel model, LoraConfig config)
    {
        foreach (var place in places)
        {
            var rank = config.RankOf(place.Module);
            Check(LoraModule.UpName(place.Module, place.IsEmbedding), new Shape(place.RowCount, rank), place.IsEmbedding);
            Check(LoraModule.DownName(place.Module, place.IsEmbedding), new Shape(rank, place.Parameter.Value.Columns), place.IsEmbedding);
            if (config.UsesDora)
            {
                Check(LoraModule.MagnitudeName(place.Module), new Shape(place.RowCount), isTransposed: false);
            }
        }

        foreach (var part in AdapterPlaces.Saved(model, config).SelectMany(pair => pair.Spec.Parts))
        {
            Find(file, LoraModule.WholeName(part.FileName), part.Shape);
        }

        void Check(string name, Shape shape, bool isTransposed) => Find(file, name, PartOf(name, shape, isTransposed).Shape);
    }

    /// <summary>Tensors that the configuration does not account for would be left out in silence.</summary>
    private static void CheckNames(SafetensorsFile file, IReadOnlyList<AdapterPlace> places, LoraConfig config)
    {
        var known = places
            .SelectMany(place => (string[])[LoraModule.UpName(place.Module, place.IsEmbedding), LoraModule.DownName(place.Module, place.IsEmbedding)])
            .Concat(config.UsesDora ? places.Select(place => LoraModule.MagnitudeName(place.Module)) : [])
            .ToHashSet(StringComparer.Ordinal);
        var unknown = file.Entries.Select(entry => entry.Name).FirstOrDefault(name =>
            !known.Contains(name)

            // peft stores the unchanged embedding beside its adapter.
            && !name.EndsWith(".base_layer.weight", StringComparison.Ordinal)
            && !config.Saves(ModuleOf(name)));
        if (unknown is not null)
        {
            throw new ModelFormatException(file.Path, $"tensor '{unknown}' belongs to no module that {LoraConfigFile.FileName} names and the model has.");
        }

        static string ModuleOf(string name) => name[..Math.Max(0, name.LastIndexOf('.'))];
    }
}
