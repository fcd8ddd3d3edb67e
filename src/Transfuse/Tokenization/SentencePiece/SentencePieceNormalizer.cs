using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.Text;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>
/// SentencePiece's own normalisation: at every position a user-defined piece stays as it is, else the longest match of the character
/// map is replaced; spaces at the ends and repeated ones go if asked; spaces become ▁, with one in front or behind.
/// </summary>
internal sealed class SentencePieceNormalizer
{
    private static readonly byte[] Mark = "▁"u8.ToArray();
    private static readonly byte[] Space = " "u8.ToArray();
    private readonly SentencePieceModel _model;
    private readonly CharacterMap? _map;
    private readonly PieceTrie _userDefined;
    private readonly byte[] _space;

    public SentencePieceNormalizer(SentencePieceModel model, CharacterMap? map, PieceTrie userDefined)
    {
        _model = model;
        _map = map;
        _userDefined = userDefined;
        _space = model.EscapeWhitespaces ? Mark : Space;
    }

    /// <summary>The normalised text; each byte is aligned with the stretch of the original whose normal form it belongs to.</summary>
    /// <param name="text">UTF-8 bytes.</param>
    /// <param name="end">Where the normalised text ends in the original: before dropped spaces.</param>
    public AlignedText Apply(ReadOnlySpan<byte> text, out int end)
    {
        end = text.Length;
        var position = 0;
        if (_model.RemoveExtraWhitespaces)
        {
            while (position < text.Length && Prefix(text, position, out var length).SequenceEqual(Space))
            {
                position += length;
            }
        }

        var builder = new AlignedTextBuilder(text.Length + (text.Length / 2) + 16);
        if (position == text.Length)
        {
            return builder.Build();
        }

        if (!_model.WhitespaceAsSuffix && _model.AddDummyPrefix)
        {
            builder.Append(_space, position, position);
        }

        AppendAll(builder, text, position);
        if (_model.RemoveExtraWhitespaces)
        {
            end = builder.TrimEnd(_space) ?? end;
        }

        if (_model.WhitespaceAsSuffix && _model.AddDummyPrefix)
        {
            builder.Append(_space, end, end);
        }

        return builder.Build();
    }

    /// <summary>The length of the longest user-defined piece at a position, 0 if there is none.</summary>
    public int UserDefinedLength(ReadOnlySpan<byte> text, int position)
    {
        var (node, longest) = (PieceTrie.Root, 0);
        for (var i = position; i < text.Length && _userDefined.Step(ref node, text[i], out var value); i++)
        {
            longest = value >= 0 ? i + 1 - position : longest;
        }

        return longest;
    }

    private void AppendAll(AlignedTextBuilder builder, ReadOnlySpan<byte> text, int position)
    {
        var afterSpace = _model.RemoveExtraWhitespaces;
        while (position < text.Length)
        {
            var normal = Prefix(text, position, out var length);
            while (afterSpace && normal.StartsWith(Space))
            {
                normal = normal[1..];
            }

            // The bytes of a character that stays as it is keep their own places.
            var isSame = length == Utf8.LengthOf(text[position]) && normal.SequenceEqual(text.Slice(position, length));
            for (var i = 0; i < normal.Length; i++)
            {
                var (start, end) = isSame ? (position + i, position + i + 1) : (position, position + length);
                builder.Append(_model.EscapeWhitespaces && normal[i] == (byte)' ' ? _space : normal.Slice(i, 1), start, end);
            }

            if (normal.Length > 0)
            {
                afterSpace = normal[^1] == (byte)' ';
            }

            afterSpace &= _model.RemoveExtraWhitespaces;
            position += length;
        }
    }

    /// <summary>The normal form of what begins at a position, and how much of the text it stands for.</summary>
    private ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> text, int position, out int length)
    {
        length = UserDefinedLength(text, position);
        if (length == 0 && _map is not null)
        {
            length = _map.Match(text[position..], longest: true, out var replacement);
            if (length > 0)
            {
                return replacement;
            }
        }

        length = length > 0 ? length : Utf8.LengthOf(text[position]);
        return text.Slice(position, length);
    }
}
