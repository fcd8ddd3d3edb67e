namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>Cuts text into the pieces that the model sees, and may rewrite them. Immutable and thread safe.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Replaces the pieces by finer ones.</summary>
    public abstract void Apply(PieceList pieces);
}
