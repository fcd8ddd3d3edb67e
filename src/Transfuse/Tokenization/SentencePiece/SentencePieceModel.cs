namespace Transfuse.Tokenization.SentencePiece;

/// <summary>The contents of a SentencePiece <c>.model</c> file that matter for encoding; defaults are those of the format.</summary>
internal sealed record SentencePieceModel
{
    /// <summary>Pieces by id.</summary>
    public required IReadOnlyList<(string Text, float Score, PieceType Type)> Pieces { get; init; }

    /// <summary>The algorithm.</summary>
    public SentencePieceAlgorithm Algorithm { get; init; } = SentencePieceAlgorithm.Unigram;

    /// <summary>Whether unknown characters are spelled as bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether ▁ ends words and does not begin them.</summary>
    public bool WhitespaceAsSuffix { get; init; }

    /// <summary>Id of the unknown piece.</summary>
    public int UnknownId { get; init; }

    /// <summary>Id that begins texts, or -1.</summary>
    public int BosId { get; init; } = 1;

    /// <summary>Id that ends texts, or -1.</summary>
    public int EosId { get; init; } = 2;

    /// <summary>What the unknown piece decodes to.</summary>
    public string UnknownSurface { get; init; } = " \u2047 ";

    /// <summary>The compiled character map, may be empty.</summary>
    public byte[] CharacterMap { get; init; } = [];

    /// <summary>Whether a space is put in front (or behind) of every text.</summary>
    public bool AddDummyPrefix { get; init; } = true;

    /// <summary>Whether spaces at the ends and repeated spaces are dropped.</summary>
    public bool RemoveExtraWhitespaces { get; init; } = true;

    /// <summary>Whether spaces are written as ▁.</summary>
    public bool EscapeWhitespaces { get; init; } = true;
}
