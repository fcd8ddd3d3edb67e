namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>One after the other.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    /// <inheritdoc/>
    public override void Apply(PieceList pieces)
    {
        foreach (var part in parts)
        {
            part.Apply(pieces);
        }
    }
}
