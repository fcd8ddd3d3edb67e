using System.Reflection;
using Transfuse.Corpora;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests;

/// <summary>Who may use whom, read from the compiled assemblies: folders in the order in which data flows.</summary>
public sealed class ArchitectureTests
{
    // A namespace may use itself, what stands on an earlier line, and what MayAlsoUse grants.
    private static readonly string[][] Levels =
    [
        ["Errors"],
        ["Artifacts", "Diagnostics"],
        ["Corpora", "Tokenization", "Checkpoints"],
        ["Context", "Adapters", "Models"],
        ["Generation", "Distributions"],
        ["Teachers", "Alignment"],
        ["Fusion", "Losses", "Merging"],
        ["Training", "Evaluation", "Distillation"],
        ["Recipes"],
        ["Pipeline"],
    ];

    private static readonly (string User, string Used)[] MayAlsoUse = [("Models", "Context"), ("Models", "Adapters"), ("Tokenization", "Checkpoints")];

    // Pure functions on data, and records.
    private static readonly (string User, string Used)[] MustNotUse =
    [
        ("Alignment", "Models"), ("Fusion", "Models"), ("Merging", "Models"), ("Recipes", "Models"), ("Recipes", "Training"),
    ];

    [Fact]
    public void Namespaces_use_only_what_lies_below_them()
    {
        var faults = typeof(Document).Assembly.GetTypes()
            .SelectMany(type => TypeUsage.Of(type).Select(used => (type, used)))
            .Where(pair => pair.used.Assembly == pair.type.Assembly)
            .Select(pair => (pair.type, pair.used, User: Area(pair.type), Used: Area(pair.used)))
            .Where(pair => pair.User != pair.Used && !IsAllowed(pair.User, pair.Used))
            .Select(pair => $"{pair.User} must not use {pair.Used}: {pair.type.FullName} uses {pair.used.FullName}")
            .Distinct()
            .ToList();

        Assert.Empty(faults);
    }

    [Fact]
    public void Every_namespace_has_a_level()
    {
        var areas = typeof(Document).Assembly.GetTypes().Select(Area).Distinct().Where(area => area.Length > 0);

        Assert.DoesNotContain(areas, area => LevelOf(area) < 0);
    }

    [Fact]
    public void The_engine_knows_nothing_of_language_models()
    {
        var references = typeof(Tensors.Tensor).Assembly.GetReferencedAssemblies();

        Assert.DoesNotContain(references, reference => reference.Name == "Transfuse");
    }

    [Theory]
    [InlineData(typeof(Tensors.Tensor))]
    [InlineData(typeof(Document))]
    public void Libraries_do_not_touch_the_console(Type inAssembly)
    {
        var users = inAssembly.Assembly.GetTypes().Where(type => TypeUsage.Of(type).Contains(typeof(Console)));

        Assert.Empty(users);
    }

    [Fact]
    public void Only_the_engine_has_unsafe_code()
    {
        var modules = typeof(Document).Assembly.GetCustomAttributes<System.Security.UnverifiableCodeAttribute>()
            .Concat(typeof(Document).Module.GetCustomAttributes<System.Security.UnverifiableCodeAttribute>());

        Assert.Empty(modules);
    }

    private static bool IsAllowed(string user, string used) =>
        !MustNotUse.Contains((user, used)) && (MayAlsoUse.Contains((user, used)) || LevelOf(used) < LevelOf(user));

    private static int LevelOf(string area) => Array.FindIndex(Levels, level => level.Contains(area));

    private static string Area(Type type)
    {
        var parts = (type.Namespace ?? "").Split('.');
        return parts is ["Transfuse", var area, ..] ? area : "";
    }
}
