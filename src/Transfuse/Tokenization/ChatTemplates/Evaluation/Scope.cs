namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>Variables of a part of a template: what is set here ends with it; what is not here is looked for outside.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object> _variables = new(StringComparer.Ordinal);

    /// <summary>The value of a variable, or null.</summary>
    internal object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>Sets a variable of this scope.</summary>
    internal void Set(string name, object value) => _variables[name] = value;

    private Scope? Outer => outer;
}
