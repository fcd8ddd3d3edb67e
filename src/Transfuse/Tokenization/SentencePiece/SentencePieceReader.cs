using Transfuse.Errors;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>
/// Reads a SentencePiece <c>.model</c> file, a Protocol Buffers message: pieces = 1 {piece = 1, score = 2, type = 3}, trainer_spec = 2,
/// normalizer_spec = 3. (Read by hand: three messages do not carry a generated parser and its package.)
/// </summary>
internal static class SentencePieceReader
{
    /// <summary>Reads a model.</summary>
    /// <exception cref="TokenizerException">The bytes are not such a model.</exception>
    public static SentencePieceModel Read(ReadOnlySpan<byte> file, string source)
    {
        try
        {
            var model = ReadModel(file);
            Check(model, source);
            return model;
        }
        catch (FormatException exception)
        {
            throw new TokenizerException(source, $"is not a SentencePiece model: {exception.Message}. Download it again.", exception);
        }
    }

    private static SentencePieceModel ReadModel(ReadOnlySpan<byte> file)
    {
        var pieces = new List<(string, float, PieceType)>();
        var model = new SentencePieceModel { Pieces = pieces };
        var reader = new ProtobufReader(file);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    pieces.Add(ReadPiece(reader.Bytes));
                    break;
                case 2:
                    model = ReadTrainer(reader.Bytes, model);
                    break;
                case 3:
                    model = ReadNormalizer(reader.Bytes, model);
                    break;
                default:
                    break;
            }
        }

        return model;
    }

    private static (string, float, PieceType) ReadPiece(ReadOnlySpan<byte> message)
    {
        var (text, score, type) = ("", 0f, PieceType.Normal);
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    text = Utf8.String(reader.Bytes);
                    break;
                case 2:
                    score = reader.Single();
                    break;
                case 3:
                    type = (PieceType)reader.Integer;
                    break;
                default:
                    break;
            }
        }

        return (text, score, type);
    }

    private static SentencePieceModel ReadTrainer(ReadOnlySpan<byte> message, SentencePieceModel model)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            model = reader.Field switch
            {
                3 => model with { Algorithm = (SentencePieceAlgorithm)reader.Integer },
                24 => model with { WhitespaceAsSuffix = reader.Integer != 0 },
                35 => model with { ByteFallback = reader.Integer != 0 },
                40 => model with { UnknownId = (int)reader.Integer },
                41 => model with { BosId = (int)reader.Integer },
                42 => model with { EosId = (int)reader.Integer },
                44 => model with { UnknownSurface = Utf8.String(reader.Bytes) },
                _ => model,
            };
        }

        return model;
    }

    private static SentencePieceModel ReadNormalizer(ReadOnlySpan<byte> message, SentencePieceModel model)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            model = reader.Field switch
            {
                2 => model with { CharacterMap = reader.Bytes.ToArray() },
                3 => model with { AddDummyPrefix = reader.Integer != 0 },
                4 => model with { RemoveExtraWhitespaces = reader.Integer != 0 },
                5 => model with { EscapeWhitespaces = reader.Integer != 0 },
                _ => model,
            };
        }

        return model;
    }

    private static void Check(SentencePieceModel model, string source)
    {
        if (!Enum.IsDefined(model.Algorithm))
        {
            throw new TokenizerException(source, $"the SentencePiece model has the type {(int)model.Algorithm}, expected 1 to 4.");
        }

        if (model.Pieces.Count == 0 || model.UnknownId < 0 || model.UnknownId >= model.Pieces.Count
            || model.Pieces[model.UnknownId].Type != PieceType.Unknown)
        {
            throw new TokenizerException(
                source, $"the SentencePiece model has {model.Pieces.Count} pieces and {model.UnknownId} as the unknown one, which is not of that type. The file is damaged.");
        }

        if (model.Pieces.Any(piece => piece.Text.Length == 0 || !float.IsFinite(piece.Score)))
        {
            throw new TokenizerException(source, "the SentencePiece model has an empty piece or one without finite score. The file is damaged.");
        }

        foreach (var (text, _, type) in model.Pieces)
        {
            if (type == PieceType.Byte)
            {
                SentencePieceDecoder.ByteOf(text);
            }
        }
    }
}
