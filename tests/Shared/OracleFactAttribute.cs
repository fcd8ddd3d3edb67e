namespace Transfuse.Tests.Shared;

/// <summary>A test that compares with llama.cpp, skipped with a reason where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OracleFactAttribute : FactAttribute
{
    public OracleFactAttribute()
    {
        Skip = Oracles.SkipReason();
    }
}
