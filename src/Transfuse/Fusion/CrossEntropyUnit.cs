namespace Transfuse.Fusion;

/// <summary>What a cross entropy is divided by.</summary>
public enum CrossEntropyUnit
{
    /// <summary>Bytes of text: comparable between vocabularies.</summary>
    Byte,

    /// <summary>The source's own tokens, special ones included (FuseLLM): a vocabulary that makes more tokens looks better.</summary>
    Token,
}
