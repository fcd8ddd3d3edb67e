using Transfuse.Tokenization.Normalizers;

namespace Transfuse.Tokenization.Json;

/// <summary>Reads a compiled character map from base64.</summary>
internal static class CharacterMapReader
{
    /// <summary>The map here.</summary>
    public static CharacterMap Read(JsonCursor cursor)
    {
        try
        {
            return CharacterMap.TryRead(Convert.FromBase64String(cursor.String()))
                ?? throw cursor.Error("is not a compiled character map: its trie size does not fit its length.");
        }
        catch (FormatException)
        {
            throw cursor.Error("is not valid base64.");
        }
    }
}
