namespace Transfuse.Corpora;

/// <summary>Size of one domain.</summary>
/// <param name="Documents">Number of documents.</param>
/// <param name="Bytes">UTF-8 bytes of text.</param>
public readonly record struct CorpusDomainSize(long Documents, long Bytes);
