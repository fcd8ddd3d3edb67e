using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>
/// Appends documents to a distribution store. A block is one document, so whatever instant the program ends at, what is lost is the
/// document being written: <see cref="Open"/> cuts an unfinished end off and continues, and the finished files are the same bytes as
/// without interruption.
/// </summary>
/// <remarks>Not thread safe. Dispose without <see cref="Complete"/> keeps what was appended, to be continued.</remarks>
public sealed class DistributionStoreWriter : IDisposable
{
    internal const string DocumentsKey = "documents";
    internal const string TokensKey = "tokens";
    private const string EntriesKey = "entries";

    /// <summary>Bytes after which appended blocks are brought to the disk.</summary>
    private const long SyncInterval = 4 << 20;

    private readonly string _folder;
    private readonly string _dataPath;
    private readonly DistributionCodec _codec;
    private readonly DistributionStoreIndex _index;
    private readonly FileStream _stream;
    private long _tokens;
    private long? _finalByteCount;
    private long _entries;
    private long _unsynced;

    private DistributionStoreWriter(string folder, DistributionStoreOptions options, StoreRecovery recovered)
    {
        _folder = folder;
        Options = options;
        _dataPath = Path.Combine(folder, DistributionStoreFormat.DataFileName);
        _codec = new DistributionCodec(options.VocabularySize, options.TopK);
        (_index, _tokens, _entries) = (recovered.Index, recovered.Tokens, recovered.Entries);
        DiscardedBytes = recovered.DiscardedBytes;
        _stream = new FileStream(_dataPath, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _stream.SetLength(recovered.End);
        _stream.Seek(0, SeekOrigin.End);
    }

    /// <summary>What the store holds.</summary>
    public DistributionStoreOptions Options { get; }

    /// <summary>Ids of the documents stored so far, in order.</summary>
    public IReadOnlyList<string> DocumentIds => _index.Ids;

    /// <summary>Tokens stored so far.</summary>
    public long TokenCount => _tokens;

    /// <summary>Length of the data file in bytes.</summary>
    public long ByteCount => _finalByteCount ?? _stream.Length;

    /// <summary>Bytes of an unfinished end that <see cref="Open"/> cut off.</summary>
    public long DiscardedBytes { get; }

    /// <summary>Begins a store, or continues one that was interrupted.</summary>
    /// <param name="path">The store's folder.</param>
    /// <param name="options">What the store holds; an interrupted one must have been begun with the same.</param>
    /// <exception cref="ArtifactException">The store is complete already, was begun with other options, or was altered.</exception>
    public static DistributionStoreWriter Open(string path, DistributionStoreOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        if (ArtifactFolder.IsComplete(path))
        {
            throw new ArtifactException(path, "holds a complete store. Read it, or delete the folder to capture again.");
        }

        var identity = options.ToManifest();
        var dataPath = Path.Combine(path, DistributionStoreFormat.DataFileName);
        if (!File.Exists(dataPath))
        {
            AtomicFile.Write(dataPath, DistributionStoreFormat.EncodeHeader(identity));
        }

        try
        {
            return new DistributionStoreWriter(path, options, StoreRecovery.Scan(dataPath, options, 2 * SyncInterval));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactException(
                dataPath, $"cannot be opened for writing ({exception.Message}). Is another capture running?", exception);
        }
    }

    /// <summary>Appends a document.</summary>
    /// <exception cref="ArgumentException">The document is stored already, or its parts are wrong (NaN, ids out of range, mass above 1).</exception>
    /// <exception cref="ArtifactException">The file cannot be written.</exception>
    public void Append(DocumentDistributions document)
    {
        ArgumentNullException.ThrowIfNull(document);
        if (_index.TryFind(document.DocumentId, out _))
        {
            throw new ArgumentException($"The store has the document '{document.DocumentId}' already.", nameof(document));
        }

        var payload = _codec.Encode(document);
        if (payload.Length > DistributionStoreFormat.LongestPayload)
        {
            throw new ArgumentException(
                $"The document '{document.DocumentId}' is too long ({payload.Length} bytes). Split it.", nameof(document));
        }

        var block = new byte[BlockHeader.Size + payload.Length];
        new BlockHeader(payload.Length, _index.Ids.Count, Crc32C.Of(payload)).Write(block);
        payload.CopyTo(block, BlockHeader.Size);
        var position = _stream.Position;
        Guard(() => _stream.Write(block));
        _index.TryAdd(document.DocumentId, position);
        _tokens += document.TokenIds.Length;
        _entries += document.Next.Ids.Length;
        _unsynced += block.Length;
        if (_unsynced >= SyncInterval)
        {
            Sync();
        }
    }

    /// <summary>Finishes the store: brings it to the disk, writes index and manifest. Nothing can be appended afterwards.</summary>
    /// <exception cref="ArtifactException">A file cannot be written.</exception>
    public void Complete()
    {
        Sync();
        _finalByteCount = _stream.Length;
        _stream.Dispose();
        AtomicFile.Write(Path.Combine(_folder, DistributionStoreFormat.IndexFileName), _index.Encode());
        var manifest = Options.ToManifest() with
        {
            Counts = Manifest.Sorted<long>().Add(DocumentsKey, _index.Ids.Count).Add(TokensKey, _tokens).Add(EntriesKey, _entries),
        };
        ArtifactFolder.Seal(_folder, manifest, DistributionStoreFormat.DataFileName, DistributionStoreFormat.IndexFileName);
    }

    /// <summary>Closes the file. What was appended stays.</summary>
    public void Dispose() => _stream.Dispose();

    private void Sync()
    {
        Guard(() => _stream.Flush(flushToDisk: true));
        _unsynced = 0;
    }

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (IOException exception)
        {
            throw new ArtifactException(
                _dataPath, $"cannot be written ({exception.Message}). Free space on the disk and run again: "
                + "the capture continues.", exception);
        }
    }
}
