namespace Transfuse.Tokenization.Words;

/// <summary>Whole words only.</summary>
public sealed record WordLevelDefinition : ModelDefinition
{
    /// <inheritdoc/>
    public override string Kind => "WordLevel";

    /// <summary>Ids by vocabulary string.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>What stands for other words.</summary>
    public string UnknownToken { get; init; } = "<unk>";
}
