namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>What a missing name, attribute or item gives: prints nothing, is false and empty; using it otherwise is a fault.</summary>
/// <param name="problem">The fault's message.</param>
/// <param name="errorType">The fault's type.</param>
internal sealed class Undefined(string problem, string errorType = "UndefinedError")
{
    /// <summary>A name that nothing defines.</summary>
    internal static Undefined Name(string name) => new($"'{name}' is undefined");

    /// <summary>An attribute that an object does not have.</summary>
    internal static Undefined Attribute(object owner, string name) => new($"'{Describe(owner)}' has no attribute {PythonText.Repr(name)}");

    /// <summary>An item that an object does not have.</summary>
    internal static Undefined Item(object owner, object key) =>
        key is string name ? Attribute(owner, name) : new($"{Describe(owner)} has no element {PythonText.Repr(key)}");

    /// <summary>An attribute that a template must not touch.</summary>
    internal static Undefined Unsafe(object owner, string name) =>
        new($"access to attribute {PythonText.Repr(name)} of '{PythonType.Name(owner)}' object is unsafe.", "SecurityError");

    /// <summary>The fault of using it.</summary>
    internal TemplateFault Fault() => new(errorType, problem);

    private static string Describe(object owner) => owner is NoneValue ? "None" : $"{PythonType.Name(owner)} object";
}
