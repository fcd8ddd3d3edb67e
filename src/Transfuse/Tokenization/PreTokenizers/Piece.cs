namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>A stretch of text that the model sees alone.</summary>
/// <param name="Start">First byte.</param>
/// <param name="End">Byte after the last.</param>
internal readonly record struct Piece(int Start, int End);
