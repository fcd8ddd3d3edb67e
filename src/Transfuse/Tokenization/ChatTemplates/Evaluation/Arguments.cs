using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>The arguments of a call, worked out.</summary>
/// <param name="Positional">By place.</param>
/// <param name="Named">By name, in the order of the call.</param>
internal sealed record Arguments(IReadOnlyList<object> Positional, IReadOnlyList<(string Name, object Value)> Named)
{
    /// <summary>No arguments.</summary>
    internal static readonly Arguments None = new([], []);

    /// <summary>Arguments by place only.</summary>
    internal static Arguments Of(params object[] positional) => new(positional, []);

    /// <summary>Without marks on texts, which only the templates' own macros see.</summary>
    internal Arguments Plain => new([.. Positional.Select(MarkupValue.Plain)], [.. Named.Select(argument => (argument.Name, MarkupValue.Plain(argument.Value)))]);

    /// <summary>The first argument by place, or null.</summary>
    internal object? First => Positional.Count > 0 ? Positional[0] : null;

    /// <summary>Without the first arguments by place.</summary>
    internal Arguments Skip(int count) => this with { Positional = [.. Positional.Skip(count)] };

    /// <summary>The value of a named argument, or null.</summary>
    internal object? Find(string name) => Named.FirstOrDefault(argument => string.Equals(argument.Name, name, StringComparison.Ordinal)).Value;

    /// <summary>The arguments in the order of a function's parameters; null where one is not given.</summary>
    /// <param name="function">Name of the function, for messages.</param>
    /// <param name="parameters">Names of its parameters.</param>
    /// <exception cref="TemplateFault">An argument has no parameter, or is given twice.</exception>
    internal object?[] Bind(string function, string[] parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw TemplateFault.Type($"{function}() takes at most {parameters.Length} arguments ({Positional.Count} given)");
        }

        var values = new object?[parameters.Length];
        for (var i = 0; i < Positional.Count; i++)
        {
            values[i] = Positional[i];
        }

        foreach (var (name, value) in Named)
        {
            var place = Array.IndexOf(parameters, name);
            if (place < 0)
            {
                throw TemplateFault.Type($"{function}() got an unexpected keyword argument '{name}'");
            }

            if (values[place] is not null)
            {
                throw TemplateFault.Type($"{function}() got multiple values for argument '{name}'");
            }

            values[place] = value;
        }

        return values;
    }
}
