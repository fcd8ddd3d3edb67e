namespace Transfuse.Generation;

/// <summary>When beam search ends, as <c>early_stopping</c> in transformers.</summary>
public enum EarlyStopping
{
    /// <summary>When no running sequence, at its present length, would beat the worst finished one (<c>false</c>).</summary>
    Heuristic,

    /// <summary>As soon as there are as many finished sequences as beams (<c>true</c>).</summary>
    WhenFull,

    /// <summary>When no running sequence could beat the worst finished one at any length (<c>"never"</c>).</summary>
    Never,
}
