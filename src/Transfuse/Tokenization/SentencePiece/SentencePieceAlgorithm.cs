namespace Transfuse.Tokenization.SentencePiece;

/// <summary>How a SentencePiece model segments; the numbers are those of the file.</summary>
internal enum SentencePieceAlgorithm
{
    /// <summary>The most probable segmentation.</summary>
    Unigram = 1,

    /// <summary>Merges by score.</summary>
    Bpe = 2,

    /// <summary>Whole words.</summary>
    Word = 3,

    /// <summary>Single characters.</summary>
    Character = 4,
}
