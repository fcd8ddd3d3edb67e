using Transfuse.Tokenization.ChatTemplates.Evaluation;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>A value that can be called: a global function, a method bound to its object, a macro.</summary>
/// <param name="typeName">Its Python type, for messages.</param>
/// <param name="name">Its name.</param>
/// <param name="body">What it does.</param>
internal sealed class Callable(string typeName, string name, Func<Arguments, object> body)
{
    /// <summary>Its Python type, for messages.</summary>
    internal string TypeName => typeName;

    /// <summary>Its name.</summary>
    internal string Name => name;

    /// <summary>Calls it.</summary>
    internal object Call(Arguments arguments) => body(arguments);
}
