using System.Text;

namespace Transfuse.Tests.Alignment;

/// <summary>
/// The pieces of a SentencePiece model, read apart from the product's own reader: field 1 of the message, of which field 1 is the string.
/// </summary>
internal static class SentencePieceFile
{
    private const int Variable = 0;
    private const int Eight = 1;
    private const int Bytes = 2;

    internal static string[] Pieces(string path) =>
        [.. Fields(File.ReadAllBytes(path)).Where(field => field.Number == 1)
            .Select(field => Encoding.UTF8.GetString(Fields(field.Content).First(inner => inner.Number == 1).Content))];

    private static List<(int Number, byte[] Content)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[])>();
        for (var at = 0; at < message.Length;)
        {
            var key = (int)Number(message, ref at);
            var length = (key & 7) switch
            {
                Variable => 0,
                Eight => 8,
                Bytes => (int)Number(message, ref at),
                _ => 4,
            };
            if ((key & 7) == Variable)
            {
                Number(message, ref at);
            }

            fields.Add((key >> 3, message[at..(at + length)]));
            at += length;
        }

        return fields;
    }

    private static long Number(byte[] message, ref int at)
    {
        var value = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
