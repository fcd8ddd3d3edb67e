using System.Runtime.InteropServices;
using Transfuse.Corpora.SdkDocumentation;
using Transfuse.Errors;

namespace Transfuse.Tests.Corpora.SdkDocumentation;

/// <summary>A test on the reference packs of the .NET SDK that runs the tests, skipped where there is only a runtime.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SdkFactAttribute : FactAttribute
{
    public SdkFactAttribute()
    {
        Skip = Root is null ? $"no .NET reference pack near {RuntimeEnvironment.GetRuntimeDirectory()}" : null;
    }

    public static string? Root { get; } = Find();

    private static string? Find()
    {
        try
        {
            ReferencePackLocator.Find([RuntimeEnvironment.GetRuntimeDirectory()]);
            return RuntimeEnvironment.GetRuntimeDirectory();
        }
        catch (CorpusException)
        {
            return null;
        }
    }
}
