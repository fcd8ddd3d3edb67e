namespace Transfuse.Tests.Shared;

/// <summary>A test over the cases of an area of the goldens, skipped with a reason where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GoldenTheoryAttribute : TheoryAttribute
{
    public GoldenTheoryAttribute(string area)
    {
        Skip = Golden.SkipReason(area);
    }
}
