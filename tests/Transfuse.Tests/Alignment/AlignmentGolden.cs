using System.Text.Json;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Alignment;

/// <summary>
/// The goldens of alignment and fusion: outputs of the original implementation, one folder a case. A folder is known by the names of its
/// members, so that further folders of the same format are tested too.
/// </summary>
internal static class AlignmentGolden
{
    internal const string Area = "alignment";

    /// <summary>The folders whose document has a member; the document, and the folder's path.</summary>
    internal static IEnumerable<(string Folder, JsonElement Document)> Having(string member)
    {
        var found = false;
        foreach (var name in Golden.Cases(Area))
        {
            var folder = Path.Combine(Golden.Root, Area, name);
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
            if (document.RootElement.TryGetProperty(member, out _))
            {
                found = true;
                yield return (folder, document.RootElement.Clone());
            }
        }

        Assert.True(found, $"No golden of {Area} has the member '{member}'.");
    }

    internal static IEnumerable<JsonElement> Items(this JsonElement element, string member) => element.GetProperty(member).EnumerateArray();

    internal static int[] Ints(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetInt32())];

    internal static int[] Ints(this JsonElement element, string member) => element.GetProperty(member).Ints();

    internal static float[] Floats(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetSingle())];

    internal static string[] Strings(this JsonElement element, string member) => [.. element.Items(member).Select(item => item.GetString()!)];

    internal static int Int(this JsonElement element, string member) => element.GetProperty(member).GetInt32();

    internal static string Text(this JsonElement element, string member) => element.GetProperty(member).GetString()!;

    internal static bool Is(this JsonElement element, string member, string value) => element.GetProperty(member).ValueEquals(value);
}
