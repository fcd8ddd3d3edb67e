using Transfuse.Tokenization.ChatTemplates.Syntax;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>Gives a macro's parameters their values.</summary>
internal static class MacroBinding
{
    /// <summary>Sets the parameters, and varargs, kwargs and caller where the macro names them.</summary>
    /// <param name="macro">The macro.</param>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="scope">Scope of its body.</param>
    /// <param name="evaluate">Works out a default, in which earlier parameters can be used.</param>
    /// <exception cref="TemplateFault">There are too many arguments, or names without parameter.</exception>
    internal static void Bind(MacroDefinition macro, Arguments arguments, Scope scope, Func<Expression, object> evaluate)
    {
        var rest = arguments.Named.ToList();
        BindCaller(macro, rest, scope);
        for (var i = 0; i < macro.Parameters.Count; i++)
        {
            var (name, otherwise) = macro.Parameters[i];
            var named = rest.FindIndex(argument => string.Equals(argument.Name, name, StringComparison.Ordinal));
            object value;
            if (i < arguments.Positional.Count)
            {
                value = named < 0 ? arguments.Positional[i] : throw TemplateFault.Type($"macro '{macro.Name}' got multiple values for argument '{name}'");
            }
            else if (named >= 0)
            {
                value = rest[named].Value;
                rest.RemoveAt(named);
            }
            else
            {
                value = otherwise is null ? new Undefined($"parameter '{name}' was not provided") : evaluate(otherwise);
            }

            scope.Set(name, value);
        }

        BindRest(macro, [.. arguments.Positional.Skip(macro.Parameters.Count)], rest, scope);
    }

    private static void BindCaller(MacroDefinition macro, List<(string Name, object Value)> named, Scope scope)
    {
        var caller = named.FindIndex(argument => argument.Name is "caller");
        if (!macro.TakesCaller)
        {
            return;
        }

        scope.Set("caller", caller >= 0 ? named[caller].Value : new Undefined("No caller defined"));
        if (caller >= 0)
        {
            named.RemoveAt(caller);
        }
    }

    private static void BindRest(MacroDefinition macro, object[] positional, List<(string Name, object Value)> named, Scope scope)
    {
        if (macro.TakesMoreNamed)
        {
            var more = new DictValue();
            named.ForEach(argument => more.Set(argument.Name, argument.Value));
            scope.Set("kwargs", more);
        }
        else if (named.Count > 0)
        {
            throw TemplateFault.Type(named[0].Name is "caller"
                ? $"macro '{macro.Name}' was invoked with two values for the special caller argument. This is most likely a bug."
                : $"macro '{macro.Name}' takes no keyword argument '{named[0].Name}'");
        }

        if (macro.TakesMore)
        {
            scope.Set("varargs", SequenceValue.Tuple(positional));
        }
        else if (positional.Length > 0)
        {
            throw TemplateFault.Type($"macro '{macro.Name}' takes not more than {macro.Parameters.Count} argument(s)");
        }
    }
}
