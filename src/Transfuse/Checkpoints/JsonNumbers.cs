using System.Globalization;
using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Numbers as Python writes them: a real keeps its point, so that a factor 4.0 does not turn into an integer.</summary>
internal static class JsonNumbers
{
    internal static string Text(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
        return text.AsSpan().IndexOfAny('.', 'e') < 0 ? text + ".0" : text;
    }

    internal static void WriteReal(this Utf8JsonWriter json, string key, double value)
    {
        json.WritePropertyName(key);
        json.WriteRawValue(Text(value));
    }

    internal static void WriteIds(this Utf8JsonWriter json, string key, IReadOnlyList<int> ids)
    {
        switch (ids.Count)
        {
            case 0:
                json.WriteNull(key);
                break;
            case 1:
                json.WriteNumber(key, ids[0]);
                break;
            default:
                json.WriteStartArray(key);
                foreach (var id in ids)
                {
                    json.WriteNumberValue(id);
                }

                json.WriteEndArray();
                break;
        }
    }

    internal static void WriteId(this Utf8JsonWriter json, string key, int? id)
    {
        if (id is { } value)
        {
            json.WriteNumber(key, value);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
