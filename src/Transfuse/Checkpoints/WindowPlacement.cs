namespace Transfuse.Checkpoints;

/// <summary>How a file says which layers see only a window.</summary>
internal enum WindowPlacement
{
    /// <summary>No layer does.</summary>
    Nowhere,

    /// <summary>Every layer, if <c>sliding_window</c> is a number.</summary>
    Everywhere,

    /// <summary>The layers of <c>layer_types</c>, or those from <c>max_window_layers</c> on, if <c>use_sliding_window</c> is true.</summary>
    OnRequest,

    /// <summary>The layers of <c>layer_types</c>, or all but each <c>sliding_window_pattern</c>-th.</summary>
    Pattern,
}
