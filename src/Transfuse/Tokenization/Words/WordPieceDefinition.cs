namespace Transfuse.Tokenization.Words;

/// <summary>BERT's model: the longest vocabulary entry first, again and again (Wu et al. 2016, arXiv 1609.08144).</summary>
public sealed record WordPieceDefinition : ModelDefinition
{
    /// <inheritdoc/>
    public override string Kind => "WordPiece";

    /// <summary>Ids by vocabulary string.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>What stands for a word that cannot be spelled.</summary>
    public string UnknownToken { get; init; } = "[UNK]";

    /// <summary>Written before parts that do not begin a word.</summary>
    public string ContinuingSubwordPrefix { get; init; } = "##";

    /// <summary>Words of more characters are unknown.</summary>
    public int MaximumWordLength { get; init; } = 100;
}
