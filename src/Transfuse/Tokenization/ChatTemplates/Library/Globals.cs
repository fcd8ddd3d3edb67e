using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>The functions that every chat template can call: Jinja's and those that transformers adds.</summary>
internal static class Globals
{
    /// <summary>Defines them.</summary>
    /// <param name="scope">Where.</param>
    /// <param name="clock">Tells the time for <c>strftime_now</c>.</param>
    internal static void Define(Scope scope, TimeProvider clock)
    {
        Function(scope, "range", Range);
        Function(scope, "dict", Dict);
        Function(scope, "namespace", MakeNamespace);
        Function(scope, "cycler", arguments => arguments.Positional.Count > 0
            ? new CycleValue(arguments.Positional)
            : throw new TemplateFault("RuntimeError", "at least one item has to be provided"));
        Function(scope, "joiner", MakeJoiner);
        Function(scope, "lipsum", _ => throw new TemplateFault("SecurityError", "lipsum writes random text, with which no prompt can be reproduced."));
        Function(scope, "raise_exception", arguments =>
            throw new TemplateFault("TemplateError", PythonText.Str(arguments.Bind("raise_exception", ["message"])[0] ?? NoneValue.Value)));
        Function(scope, "strftime_now", arguments => TimeFormat.Apply(
            clock.GetLocalNow(), arguments.Bind("strftime_now", ["format"])[0] as string ?? throw TemplateFault.Type("strftime_now() needs a format")));
        scope.Set("self", new NamespaceValue());
    }

    private static void Function(Scope scope, string name, Func<Arguments, object> body) => scope.Set(name, new Callable("function", name, body));

    private static object Range(Arguments arguments)
    {
        var numbers = arguments.Positional.Select(value => value is Undefined undefined
            ? throw undefined.Fault()
            : PythonType.Integer(value) ?? throw TemplateFault.Type($"'{PythonType.Name(value)}' object cannot be interpreted as an integer")).ToArray();
        return numbers.Length switch
        {
            1 => new RangeValue(0, numbers[0], 1),
            2 => new RangeValue(numbers[0], numbers[1], 1),
            3 => new RangeValue(numbers[0], numbers[1], numbers[2]),
            _ => throw TemplateFault.Type($"range expected 1 to 3 arguments, got {numbers.Length}"),
        };
    }

    private static DictValue Dict(Arguments arguments)
    {
        var dict = new DictValue();
        Fill(dict, arguments);
        return dict;
    }

    private static NamespaceValue MakeNamespace(Arguments arguments)
    {
        var names = new NamespaceValue();
        Fill(names.Attributes, arguments);
        return names;
    }

    private static void Fill(DictValue dict, Arguments arguments)
    {
        foreach (var (key, value) in arguments.Positional.SelectMany(Entries))
        {
            dict.Set(key, value);
        }

        foreach (var (name, value) in arguments.Named)
        {
            dict.Set(name, value);
        }
    }

    private static IEnumerable<KeyValuePair<object, object>> Entries(object value) => value is DictValue dict
        ? dict.Entries
        : Iteration.Items(value).Select(item => item is SequenceValue { Items: [var key, var entry] }
            ? KeyValuePair.Create(key, entry)
            : throw TemplateFault.Value("a dict is made of pairs of a key and a value"));

    // The first call gives nothing, every later one the separator.
    private static Callable MakeJoiner(Arguments arguments)
    {
        var separator = arguments.Bind("joiner", ["sep"])[0] ?? ", ";
        var isUsed = false;
        return new Callable("Joiner", "joiner", _ =>
        {
            var text = isUsed ? separator : string.Empty;
            isUsed = true;
            return text;
        });
    }
}
