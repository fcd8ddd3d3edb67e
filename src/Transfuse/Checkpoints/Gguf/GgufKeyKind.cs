namespace Transfuse.Checkpoints.Gguf;

/// <summary>Types of the keys that describe an architecture; llama.cpp refuses others.</summary>
internal enum GgufKeyKind
{
    /// <summary>A 32-bit count.</summary>
    UInt32,

    /// <summary>A 32-bit real.</summary>
    Single,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A name.</summary>
    Text,

    /// <summary>A 32-bit count that config.json gives as a multiple of the hidden size.</summary>
    Expansion,

    /// <summary>One truth value a layer, whether it has a window; config.json names each layer's kind of attention.</summary>
    SlidingLayers,

    /// <summary>A switch of config.json that is written as false always, because what it asks for is folded into the weights.</summary>
    Folded,
}
