namespace Transfuse.Cli.Output;

/// <summary>The form of results.</summary>
internal enum OutputMode
{
    /// <summary>Text and tables.</summary>
    Human,

    /// <summary>One JSON object on stdout.</summary>
    Json,

    /// <summary>The bare result, nothing beside it.</summary>
    Quiet,
}
