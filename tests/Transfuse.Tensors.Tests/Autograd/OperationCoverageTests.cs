using System.Reflection;
using Transfuse.Tensors.Autograd;

namespace Transfuse.Tensors.Tests.Autograd;

public sealed class OperationCoverageTests
{
    [Fact]
    public void Every_operation_has_a_gradient_check()
    {
        var operations = typeof(Operation).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Operation)) && !type.IsAbstract).ToArray();
        var checkedOperations = typeof(OperationCoverageTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FactAttribute>() is { Skip: null })
            .SelectMany(method => method.GetCustomAttributes<GradientCheckOfAttribute>())
            .Select(attribute => attribute.Operation)
            .ToHashSet();
        Assert.NotEmpty(operations);
        var missing = operations.Where(type => !checkedOperations.Contains(type)).Select(type => type.Name).ToArray();
        Assert.True(
            missing.Length == 0,
            $"No test is marked [{nameof(GradientCheckOfAttribute)[..^9]}] for: {string.Join(", ", missing)}. Check their gradients with {nameof(GradientCheck)}.");
    }
}
