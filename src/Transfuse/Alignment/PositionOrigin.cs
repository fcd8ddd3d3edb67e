namespace Transfuse.Alignment;

/// <summary>Where the distribution of a target position comes from.</summary>
public enum PositionOrigin : byte
{
    /// <summary>Nowhere: the source is silent at this position.</summary>
    None,

    /// <summary>From an aligned source position.</summary>
    Source,

    /// <summary>A one-hot in place of a missing alignment.</summary>
    OneHot,

    /// <summary>Nothing came through the map; the base model's distribution is to stand here.</summary>
    Empty,

    /// <summary>From the base model, in place of an empty row.</summary>
    Base,
}
