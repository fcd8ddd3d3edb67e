namespace Transfuse.Tokenization;

/// <summary>The data of a tokenizer's model, independent of any file: what maps pieces of text to ids.</summary>
public abstract record ModelDefinition
{
    /// <summary>Name of the kind in tokenizer.json: <c>BPE</c>, <c>Unigram</c>, <c>WordPiece</c>, <c>WordLevel</c>.</summary>
    public abstract string Kind { get; }
}
