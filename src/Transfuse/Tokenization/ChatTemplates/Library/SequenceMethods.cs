using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Methods of lists and tuples; those that would change a list are refused.</summary>
internal static class SequenceMethods
{
    /// <summary>A method bound to its list, what stands for a refused one, a named item, or null.</summary>
    internal static object? Find(SequenceValue sequence, string name)
    {
        if (sequence.FieldNames is { } fields && fields.ToList().IndexOf(name) is >= 0 and var place)
        {
            return sequence.Items[place];
        }

        return name switch
        {
            "count" => Of(name, item => new BigInteger(sequence.Items.Count(other => PythonComparison.AreEqual(other, item)))),
            "index" => Of(name, item => IndexOf(sequence, item)),
            "copy" when !sequence.IsTuple => new Callable("builtin_function_or_method", name, _ => sequence),
            "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" when !sequence.IsTuple => Undefined.Unsafe(sequence, name),
            _ => null,
        };
    }

    private static object IndexOf(SequenceValue sequence, object item)
    {
        for (var i = 0; i < sequence.Items.Count; i++)
        {
            if (PythonComparison.AreEqual(sequence.Items[i], item))
            {
                return new BigInteger(i);
            }
        }

        throw TemplateFault.Value($"{PythonText.Repr(item)} is not in {PythonType.Name(sequence)}");
    }

    private static Callable Of(string name, Func<object, object> method) => new("builtin_function_or_method", name, arguments =>
        method(arguments.Bind(name, ["value"])[0] ?? throw TemplateFault.Type($"{name}() takes exactly one argument (0 given)")));
}
