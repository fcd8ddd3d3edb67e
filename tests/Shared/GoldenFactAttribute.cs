namespace Transfuse.Tests.Shared;

/// <summary>A test that needs an area of the goldens, skipped with a reason where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GoldenFactAttribute : FactAttribute
{
    public GoldenFactAttribute(string area)
    {
        Skip = Golden.SkipReason(area);
    }
}
