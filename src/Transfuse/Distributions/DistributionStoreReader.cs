using System.Buffers;
using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>
/// Reads a complete distribution store, document by document or by id. Every block's checksum is compared before its content is looked
/// at. Thread safe.
/// </summary>
public sealed class DistributionStoreReader : IDisposable
{
    private readonly string _dataPath;
    private readonly StoreFileReader _file;
    private readonly DistributionStoreIndex _index;
    private readonly DistributionCodec _codec;

    private DistributionStoreReader(ArtifactFolder folder, StoreFileReader file)
    {
        _file = file;
        _dataPath = folder.PathOf(DistributionStoreFormat.DataFileName);
        Hash = folder.Hash;
        Manifest = folder.Manifest;
        var (identity, blocksStart) = DistributionStoreFormat.ReadHeader(_dataPath, file);
        Options = DistributionStoreOptions.FromManifest(_dataPath, identity);
        if (DistributionStoreOptions.FromManifest(folder.FolderPath, Manifest) != Options)
        {
            throw new ArtifactException(
                _dataPath, "was made from other inputs or with other parameters than its manifest says. "
                + "Files of two stores were mixed; capture it again.");
        }

        _codec = new DistributionCodec(Options.VocabularySize, Options.TopK);
        var indexPath = folder.PathOf(DistributionStoreFormat.IndexFileName);
        _index = DistributionStoreIndex.Read(indexPath);
        CheckPositions(indexPath, blocksStart);
        TokenCount = Count(folder, DistributionStoreWriter.TokensKey);
        if (Count(folder, DistributionStoreWriter.DocumentsKey) != _index.Ids.Count)
        {
            throw new ArtifactException(
                indexPath, $"has {_index.Ids.Count} documents, the manifest says otherwise. The store was altered; capture it again.");
        }
    }

    /// <summary>What the store holds.</summary>
    public DistributionStoreOptions Options { get; }

    /// <summary>The store's manifest.</summary>
    public Manifest Manifest { get; }

    /// <summary>Hash that names the store.</summary>
    public string Hash { get; }

    /// <summary>Ids of the documents in the corpus's order.</summary>
    public IReadOnlyList<string> DocumentIds => _index.Ids;

    /// <summary>Tokens of all documents.</summary>
    public long TokenCount { get; }

    /// <summary>Opens a store.</summary>
    /// <param name="path">Its folder.</param>
    /// <exception cref="ArtifactException">The store is missing, incomplete or damaged.</exception>
    public static DistributionStoreReader Open(string path)
    {
        var folder = ArtifactFolder.Open(path, DistributionStoreFormat.Kind, DistributionStoreFormat.Version);
        var file = new StoreFileReader(folder.PathOf(DistributionStoreFormat.DataFileName));
        try
        {
            return new DistributionStoreReader(folder, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the store has a document.</summary>
    public bool Contains(string documentId) => _index.TryFind(documentId, out _);

    /// <summary>The distributions of one document.</summary>
    /// <exception cref="ArtifactException">The store has no such document, or its block was altered.</exception>
    public DocumentDistributions Read(string documentId) =>
        _index.TryFind(documentId, out var ordinal)
            ? Read(ordinal)
            : throw new ArtifactException(_dataPath, $"has no document '{documentId}'. It belongs to another corpus; capture this one.");

    /// <summary>Streams all documents in the corpus's order.</summary>
    /// <exception cref="ArtifactException">A block was altered.</exception>
    public IEnumerable<DocumentDistributions> ReadAll() => Enumerable.Range(0, _index.Ids.Count).Select(Read);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private DocumentDistributions Read(int ordinal)
    {
        var position = _index.PositionOf(ordinal);
        Span<byte> header = stackalloc byte[BlockHeader.Size];
        _file.Read(position, header);
        if (BlockHeader.Read(header) is not { } block
            || block.Ordinal != ordinal || position + BlockHeader.Size + block.Length != EndOf(ordinal))
        {
            throw Altered(ordinal, "has no valid block header");
        }

        var buffer = ArrayPool<byte>.Shared.Rent(block.Length);
        try
        {
            var payload = buffer.AsSpan(0, block.Length);
            _file.Read(position + BlockHeader.Size, payload);
            if (Crc32C.Of(payload) != block.Checksum)
            {
                throw Altered(ordinal, "has a block whose checksum does not hold");
            }

            var document = _codec.Decode(payload);
            return string.Equals(document.DocumentId, _index.Ids[ordinal], StringComparison.Ordinal)
                ? document
                : throw Altered(ordinal, $"has the block of document '{document.DocumentId}'");
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException)
        {
            throw Altered(ordinal, $"has a block that breaks the format ({exception.Message})", exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private long EndOf(int ordinal) => ordinal + 1 < _index.Ids.Count ? _index.PositionOf(ordinal + 1) : _file.Length;

    private void CheckPositions(string indexPath, long blocksStart)
    {
        var expected = blocksStart;
        for (var i = 0; i < _index.Ids.Count; i++)
        {
            var position = _index.PositionOf(i);
            var follows = i == 0 ? position == blocksStart : position >= expected;
            if (!follows || position > _file.Length - BlockHeader.Size)
            {
                throw new ArtifactException(
                    indexPath, $"puts document {i} at byte {position} of a file of {_file.Length} bytes. The store was altered; "
                    + "capture it again.");
            }

            expected = position + BlockHeader.Size;
        }
    }

    private static long Count(ArtifactFolder folder, string key) =>
        folder.Manifest.Counts.TryGetValue(key, out var count)
            ? count
            : throw new ArtifactException(
                folder.FolderPath, $"has no count '{key}' in its manifest. The store was altered; capture it again.");

    private ArtifactException Altered(int ordinal, string what, Exception? cause = null) =>
        new(_dataPath, $"{what} at byte {_index.PositionOf(ordinal)} (document {ordinal}, '{_index.Ids[ordinal]}'). "
            + "The file was altered; copy it again from its origin, or delete the store's folder and capture it again.", cause);
}
