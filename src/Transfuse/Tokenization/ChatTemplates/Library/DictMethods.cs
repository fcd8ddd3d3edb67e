using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Methods of dicts; those that would change one are refused.</summary>
internal static class DictMethods
{
    /// <summary>A method bound to its dict, what stands for a refused one, or null.</summary>
    internal static object? Find(DictValue dict, string name) => name switch
    {
        "get" => new Callable("builtin_function_or_method", name, arguments =>
        {
            var values = arguments.Bind(name, ["key", "default"]);
            return dict.Find(values[0] ?? throw TemplateFault.Type("get expected at least 1 argument, got 0")) ?? values[1] ?? NoneValue.Value;
        }),
        "items" => View(name, () => Items(dict)),
        "keys" => View(name, () => new DictView("dict_keys", [.. dict.Keys])),
        "values" => View(name, () => new DictView("dict_values", [.. dict.Entries.Select(entry => entry.Value)])),
        "copy" => View(name, () => dict),
        "clear" or "pop" or "popitem" or "setdefault" or "update" => Undefined.Unsafe(dict, name),
        _ => null,
    };

    /// <summary>The pairs of key and value.</summary>
    internal static DictView Items(DictValue dict) => new("dict_items", [.. dict.Entries.Select(entry => SequenceValue.Tuple(entry.Key, entry.Value))]);

    private static Callable View(string name, Func<object> view) => new("builtin_function_or_method", name, arguments =>
    {
        arguments.Bind(name, []);
        return view();
    });
}
