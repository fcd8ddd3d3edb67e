namespace Transfuse.Models;

/// <summary>A source text and the target that an encoder-decoder model shall write for it.</summary>
/// <param name="Source">Token ids of the source, usually ending with EOS.</param>
/// <param name="Target">Token ids of the target, usually ending with EOS; without the token that the decoder begins with. A negative id is not scored.</param>
public sealed record SequencePair(IReadOnlyList<int> Source, IReadOnlyList<int> Target);
