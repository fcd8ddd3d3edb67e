namespace Transfuse.Fusion;

/// <summary>Over what text a source's cross entropy is taken.</summary>
public enum CrossEntropyGranularity
{
    /// <summary>A window of bytes around the position.</summary>
    Window,

    /// <summary>The whole document.</summary>
    Document,

    /// <summary>A packed training block; the caller gives its values, see <see cref="BlockCrossEntropy"/>.</summary>
    Block,
}
