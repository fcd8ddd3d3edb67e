namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>Where <c>Metaspace</c> puts a mark in front.</summary>
internal enum PrependScheme
{
    /// <summary>At the beginning of the whole text only.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>At the beginning and after every added token.</summary>
    Always,
}
