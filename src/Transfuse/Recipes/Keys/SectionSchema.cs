using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>The keys of a section, declared once; reader, resolved recipe, key reference and JSON schema are made from them.</summary>
/// <typeparam name="TSection">The record; a new one holds the defaults.</typeparam>
internal sealed class SectionSchema<TSection>(string description, string? shorthand = null) : ISectionSchema
    where TSection : class, new()
{
    private readonly TSection _defaults = new();
    private readonly List<RecipeKey<TSection>> _keys = [];
    private readonly List<Func<TSection, IEnumerable<RuleViolation>>> _rules = [];

    /// <inheritdoc/>
    public string Description => description;

    /// <inheritdoc/>
    public string? Shorthand => shorthand;

    /// <inheritdoc/>
    public IReadOnlyList<IRecipeKey> Keys => _keys;

    /// <summary>Declares a key.</summary>
    internal SectionSchema<TSection> Key<TValue>(
        string name,
        RecipeValue<TValue> value,
        Func<TSection, TValue> get,
        Func<TSection, TValue, TSection> with,
        string description,
        bool required = false)
    {
        _keys.Add(new RecipeKey<TSection, TValue>(name, value, get, with, description, required, _defaults));
        return this;
    }

    /// <summary>Declares a rule over several keys; it runs when each key by itself is right.</summary>
    internal SectionSchema<TSection> Rule(Func<TSection, IEnumerable<RuleViolation>> rule)
    {
        _rules.Add(rule);
        return this;
    }

    /// <summary>Reads a section; false where it had a problem.</summary>
    internal bool TryRead(RecipeNode node, string path, ReadContext context, out TSection section)
    {
        section = _defaults;
        if (node is ScalarNode { IsNull: false } scalar && shorthand is not null)
        {
            node = new MappingNode(node.Position, [new MappingEntry(shorthand, node.Position, scalar)]);
        }

        if (node is ScalarNode { IsNull: true })
        {
            node = new MappingNode(node.Position, []);
        }

        if (node is not MappingNode mapping)
        {
            context.Problems.Add(node.Position, path, $"'{path}' must be a section with keys, found {node.Describe()}");
            return false;
        }

        var before = context.Problems.Count;
        section = ReadKeys(mapping, path, context);
        if (context.Problems.Count == before)
        {
            CheckRules(section, mapping, path, context);
        }

        return context.Problems.Count == before;
    }

    /// <summary>Writes every key with its value.</summary>
    internal void Write(ResolvedWriter writer, TSection section, int indent)
    {
        foreach (var key in _keys)
        {
            key.Write(writer, section, indent);
        }
    }

    /// <inheritdoc/>
    public JsonObject ToJsonSchema()
    {
        var properties = new JsonObject();
        foreach (var key in _keys)
        {
            properties[key.Name] = key.ToJsonSchema();
        }

        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        var required = _keys.Where(key => key.IsRequired).Select(key => (JsonNode)key.Name).ToArray();
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray(required);
        }

        return shorthand is null ? schema : new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "string" }) };
    }

    private TSection ReadKeys(MappingNode mapping, string path, ReadContext context)
    {
        var section = _defaults;
        var seen = new Dictionary<string, RecipePosition>(StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var keyPath = ReadContext.Join(path, entry.Key);
            if (!seen.TryAdd(entry.Key, entry.KeyPosition))
            {
                var first = seen[entry.Key];
                context.Problems.Add(
                    entry.KeyPosition, keyPath, $"key '{entry.Key}' appears twice{In(path)}", $"the first is in line {first.Line.ToString(CultureInfo.InvariantCulture)}");
            }
            else if (_keys.Find(key => string.Equals(key.Name, entry.Key, StringComparison.Ordinal)) is { } key)
            {
                section = key.Read(section, entry.Value, keyPath, context);
            }
            else
            {
                context.Problems.Add(
                    entry.KeyPosition, keyPath, $"unknown key '{entry.Key}'{In(path)}", SpellingSuggestion.DidYouMean(entry.Key, _keys.Select(k => k.Name)) ?? KnownKeys());
            }
        }

        foreach (var missing in _keys.Where(key => key.IsRequired && !seen.ContainsKey(key.Name)))
        {
            context.Problems.Add(
                mapping.Position, ReadContext.Join(path, missing.Name), $"key '{missing.Name}' is missing{In(path)}", missing.Description);
        }

        return section;
    }

    private void CheckRules(TSection section, MappingNode mapping, string path, ReadContext context)
    {
        foreach (var violation in _rules.SelectMany(rule => rule(section)))
        {
            var position = PositionOf(mapping, violation.Key);
            context.Problems.Add(position, ReadContext.Join(path, violation.Key), violation.Message, violation.Suggestion);
        }
    }

    // The deepest node on the way to the key that the recipe has.
    private static RecipePosition PositionOf(RecipeNode node, string key)
    {
        foreach (var part in key.Split('.'))
        {
            var next = node switch
            {
                MappingNode mapping => mapping.Find(part),
                SequenceNode sequence when int.TryParse(part, CultureInfo.InvariantCulture, out var index) => sequence.Items.ElementAtOrDefault(index),
                _ => null,
            };
            if (next is null)
            {
                break;
            }

            node = next;
        }

        return node.Position;
    }

    private string KnownKeys() => $"keys here: {string.Join(", ", _keys.Select(key => key.Name))}";

    private static string In(string path) => path.Length == 0 ? string.Empty : $" in '{path}'";
}
