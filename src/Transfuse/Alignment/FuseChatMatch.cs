namespace Transfuse.Alignment;

/// <summary>When FuseChat lets a target position use a source position that dynamic time warping matched with it.</summary>
public enum FuseChatMatch
{
    /// <summary>It is the only match and both decode to the same string ("hard").</summary>
    Equal,

    /// <summary>It is the only match and one decoded string ends with the other ("default" without the matrix flag).</summary>
    Suffix,

    /// <summary>The same, and target tokens matched with several source tokens are searched too ("default", the authors' setting).</summary>
    SuffixOfSeveral,
}
