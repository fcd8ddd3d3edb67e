namespace Transfuse.Tokenization.SentencePiece;

/// <summary>What a piece of a SentencePiece model is; the numbers are those of the file.</summary>
internal enum PieceType
{
    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>Stands for characters without piece.</summary>
    Unknown = 2,

    /// <summary>Structure without text, such as <c>&lt;s&gt;</c>.</summary>
    Control = 3,

    /// <summary>Text that is always one piece.</summary>
    UserDefined = 4,

    /// <summary>Kept for its number only.</summary>
    Unused = 5,

    /// <summary>A byte, <c>&lt;0xHH&gt;</c>.</summary>
    Byte = 6,
}
