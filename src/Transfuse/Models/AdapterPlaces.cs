using Transfuse.Adapters;
using Transfuse.Tensors.Autograd;

namespace Transfuse.Models;

/// <summary>Finds in a model the modules that an adapter's configuration names.</summary>
internal static class AdapterPlaces
{
    private const string Suffix = ".weight";

    /// <summary>The modules that get low-rank updates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="error">Makes the exception of a message.</param>
    internal static IReadOnlyList<AdapterPlace> Of(LanguageModel model, LoraConfig config, Func<string, Exception> error)
    {
        var map = PretrainedModel.WeightsOf(model.Config);
        var places = new List<AdapterPlace>();
        foreach (var (spec, parameter) in map.Specs.Zip(model.Parameters).Where(pair => pair.First.Shape.Rank == 2))
        {
            var first = 0;
            foreach (var part in spec.Parts)
            {
                var module = part.FileName[..^Suffix.Length];
                var isEmbedding = part.FileName.Equals(map.EmbeddingName, StringComparison.Ordinal);
                if (config.Targets(module, spec.Role == WeightRole.Embedding))
                {
                    places.Add(new AdapterPlace(module, parameter, first, part.Rows, isEmbedding));
                }

                first += part.Rows;
            }
        }

        Check(config, places, map, error);
        return places;
    }

    /// <summary>The parameters that are trained and stored whole.</summary>
    internal static IEnumerable<(WeightSpec Spec, Parameter Parameter)> Saved(LanguageModel model, LoraConfig config) =>
        PretrainedModel.WeightsOf(model.Config).Specs.Zip(model.Parameters).Where(pair => pair.First.Parts.Any(part => config.Saves(ModuleOf(part))));

    private static void Check(LoraConfig config, List<AdapterPlace> places, WeightMap map, Func<string, Exception> error)
    {
        foreach (var name in config.TargetModules.Where(name => !places.Any(place => Ends(place.Module, name))))
        {
            throw error($"the adapter changes modules '{name}', which the model does not have.");
        }

        if (places.Count == 0 && config.ModulesToSave.Count == 0)
        {
            throw error($"no module of the model matches the adapter's target \"{config.TargetPattern}\".");
        }

        foreach (var name in config.ModulesToSave.Where(name => !map.Specs.SelectMany(spec => spec.Parts).Any(part => Ends(ModuleOf(part), name))))
        {
            throw error($"the adapter stores modules '{name}' whole, which the model does not have.");
        }

        foreach (var spec in map.Specs.Where(spec => spec.Parts.Count > 1 && spec.Parts.Any(part => config.Saves(ModuleOf(part)))))
        {
            throw error($"the adapter stores a part of {spec.Name} whole; that works for embeddings, norms, the head and projections that stand alone.");
        }

        if (places.Find(place => place.Parameter.Name.Equals(map.HeadName, StringComparison.Ordinal)) is { } head)
        {
            throw error($"an adapter on the head '{head.Module}' is not supported; name it in modules_to_save to train it whole.");
        }

        if (config.UsesDora && places.Find(place => place.IsEmbedding) is { } embedding)
        {
            throw error($"DoRA on the embedding '{embedding.Module}' is not supported; leave it out of the targets.");
        }
    }

    private static string ModuleOf(WeightPart part) => part.FileName[..part.FileName.LastIndexOf('.')];

    private static bool Ends(string module, string name) =>
        module.Equals(name, StringComparison.Ordinal) || module.EndsWith($".{name}", StringComparison.Ordinal);
}
