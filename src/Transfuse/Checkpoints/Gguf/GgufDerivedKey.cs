using System.Text.Json.Nodes;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>A key of <c>config.json</c> whose value llama.cpp derives from the sizes of the model.</summary>
/// <param name="Config">Key of config.json.</param>
/// <param name="Value">Its value, written on import.</param>
/// <param name="IsDemanded">Whether it must have this value on export; otherwise a factor on weights makes up for the difference.</param>
internal sealed record GgufDerivedKey(string Config, Func<GgufGeometry, JsonNode> Value, bool IsDemanded);
