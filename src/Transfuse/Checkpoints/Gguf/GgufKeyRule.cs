namespace Transfuse.Checkpoints.Gguf;

/// <summary>A key of the architecture in GGUF and the key of <c>config.json</c> that says the same.</summary>
/// <param name="Gguf">Key without the architecture's name in front.</param>
/// <param name="Config">Key of config.json; a point leads into a nested object.</param>
/// <param name="Kind">Type of the value in GGUF.</param>
/// <param name="IsOptional">Whether the key may be absent from either side; otherwise that is an error.</param>
internal sealed record GgufKeyRule(string Gguf, string Config, GgufKeyKind Kind = GgufKeyKind.UInt32, bool IsOptional = false);
