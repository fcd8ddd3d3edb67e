namespace Transfuse.Tests.Shared;

/// <summary>A test over cases that compares with llama.cpp, skipped with a reason where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OracleTheoryAttribute : TheoryAttribute
{
    public OracleTheoryAttribute()
    {
        Skip = Oracles.SkipReason();
    }
}
