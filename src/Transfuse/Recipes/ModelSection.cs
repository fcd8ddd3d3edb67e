namespace Transfuse.Recipes;

/// <summary>A model of a run: an existing folder, or an architecture to begin from random weights.</summary>
public record ModelSection
{
    /// <summary>Name in tables; null takes the folder's or the architecture's.</summary>
    public string? Name { get; init; }

    /// <summary>Folder of an existing model; null where <see cref="Architecture"/> is set.</summary>
    public string? Model { get; init; }

    /// <summary>Folder or file of an existing tokenizer; null takes the model's, or trains one.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Architecture to begin anew, as <c>config.json</c> names it; null where <see cref="Model"/> is set.</summary>
    public string? Architecture { get; init; }

    /// <summary>Pieces of the tokenizer that is trained.</summary>
    public int Vocabulary { get; init; } = 2048;

    /// <summary>Width of the hidden state.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Heads of keys and values; null is as many as <see cref="Heads"/>.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>Width of the feed-forward layer; null takes what is usual for the architecture.</summary>
    public int? Intermediate { get; init; }

    /// <summary>Most positions.</summary>
    public int Context { get; init; } = 512;

    /// <summary>Whether the head is the embedding itself.</summary>
    public bool TiedEmbeddings { get; init; } = true;
}
