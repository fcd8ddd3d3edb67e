namespace Transfuse.Tokenization;

/// <summary>Maps pieces of text to ids. Immutable and thread safe; the work is done by workers, one per thread.</summary>
internal abstract class TokenModel
{
    /// <summary>Ids by vocabulary string.</summary>
    public abstract IReadOnlyDictionary<string, int> Vocabulary { get; }

    /// <summary>A worker with its own buffers and cache.</summary>
    public abstract ModelWorker CreateWorker();
}
