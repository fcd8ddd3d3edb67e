namespace Transfuse.Tensors.Tests.Autograd;

/// <summary>Says that a test checks the gradient of an operation against central differences; <see cref="OperationCoverageTests"/> reads it.</summary>
/// <param name="operation">The operation's class; a generic one without type arguments.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class GradientCheckOfAttribute(Type operation) : Attribute
{
    /// <summary>The operation's class.</summary>
    internal Type Operation { get; } = operation;
}
