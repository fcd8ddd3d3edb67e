using Transfuse.Models;

namespace Transfuse.Cli.Commands;

/// <summary>How many tokens a model can read at once.</summary>
internal static class ContextWindow
{
    /// <summary>The positions of the configuration, or the stretched window where RoPE is scaled.</summary>
    internal static int Of(LanguageModel model) => model.Config.ContextWindow;
}
