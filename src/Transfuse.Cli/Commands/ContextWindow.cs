using Transfuse.Checkpoints;
using Transfuse.Models;

namespace Transfuse.Cli.Commands;

/// <summary>How many tokens a model can read at once.</summary>
internal static class ContextWindow
{
    /// <summary>
    /// The positions of the configuration; where RoPE is scaled, times its factor, since some files leave the original window there and
    /// others write the stretched one.
    /// </summary>
    internal static int Of(LanguageModel model)
    {
        var factor = model.Config switch
        {
            LlamaConfig llama => llama.Rope.Factor,
            GptNeoXConfig neoX => neoX.Rope.Factor,
            _ => 1,
        };
        return (int)Math.Min(int.MaxValue, model.MaxPositions * Math.Max(1, factor));
    }
}
