using Transfuse.Tokenization.SentencePiece;

namespace Transfuse.Tests.Tokenization;

/// <summary>Small SentencePiece models written by hand.</summary>
internal static class HandmadeSentencePiece
{
    /// <summary>Three control pieces, 256 bytes, some text.</summary>
    /// <param name="type">1 unigram, 2 BPE.</param>
    internal static byte[] Model(int type)
    {
        var file = new List<byte>();
        var pieces = new List<(string Text, float Score, PieceType Type)> { ("<unk>", 0, PieceType.Unknown), ("<s>", 0, PieceType.Control), ("</s>", 0, PieceType.Control) };
        pieces.AddRange(Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f, PieceType.Byte)));
        pieces.AddRange(new[] { "ab", "▁ab", "▁a", "ba", "bab", "▁", "a", "b" }.Select((text, index) => (text, -(float)index - 1, PieceType.Normal)));
        foreach (var (text, score, pieceType) in pieces)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            byte[] message = [0x0A, (byte)bytes.Length, .. bytes, 0x15, .. BitConverter.GetBytes(score), 0x18, (byte)pieceType];
            file.AddRange([0x0A, (byte)message.Length, .. message]);
        }

        // Trainer: model_type = 3, byte_fallback = 35. Normalizer: remove_extra_whitespaces = 4 off.
        file.AddRange([0x12, 5, 0x18, (byte)type, 0x98, 0x02, 1, 0x1A, 2, 0x20, 0]);
        return [.. file];
    }
}
