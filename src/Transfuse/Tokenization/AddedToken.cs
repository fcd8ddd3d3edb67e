namespace Transfuse.Tokenization;

/// <summary>A token that is found in the text as a whole, before the model sees anything.</summary>
/// <param name="Content">Its text.</param>
public sealed record AddedToken(string Content)
{
    /// <summary>Its id; -1 lets the tokenizer choose: the vocabulary's id of the content, else the next free one.</summary>
    public int Id { get; init; } = -1;

    /// <summary>Whether it may not have word characters beside it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Whether it swallows white space before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Whether it swallows white space after it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Whether it is looked for in the normalised text (its content is normalised too) and not in the raw one.</summary>
    public bool Normalized { get; init; }

    /// <summary>Whether it stands for structure, not text, and is left out when special tokens are skipped.</summary>
    public bool Special { get; init; }
}
