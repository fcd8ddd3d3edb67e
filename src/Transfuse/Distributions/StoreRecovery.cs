using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>What is whole in the data file of an unfinished store.</summary>
/// <param name="Index">The whole documents.</param>
/// <param name="End">Where the last one ends.</param>
/// <param name="DiscardedBytes">Bytes behind it.</param>
/// <param name="Tokens">Tokens of the whole documents.</param>
/// <param name="Entries">Kept ids of the whole documents.</param>
internal sealed record StoreRecovery(DistributionStoreIndex Index, long End, long DiscardedBytes, long Tokens, long Entries)
{
    /// <summary>Reads all blocks and finds the end of the last whole one.</summary>
    /// <param name="path">The data file.</param>
    /// <param name="options">What the store must have been begun with.</param>
    /// <param name="crashWindow">Bytes at the end of the file that an interruption can have damaged; damage before is no interruption's work.</param>
    /// <exception cref="ArtifactException">The store was begun with other options, or was altered where no interruption reaches.</exception>
    public static StoreRecovery Scan(string path, DistributionStoreOptions options, long crashWindow)
    {
        using var file = new StoreFileReader(path);
        var (identity, position) = DistributionStoreFormat.ReadHeader(path, file);
        CheckIdentity(path, DistributionStoreOptions.FromManifest(path, identity), options);
        var codec = new DistributionCodec(options.VocabularySize, options.TopK);
        var index = new DistributionStoreIndex();
        long tokens = 0, entries = 0;
        while (position < file.Length)
        {
            var (length, document) = ReadBlock(file, codec, position, index.Ids.Count);
            if (document is null)
            {
                var damaged = file.Length - position;
                if (damaged > crashWindow && position + length < file.Length)
                {
                    throw new ArtifactException(
                        path, $"is damaged at byte {position} (document {index.Ids.Count}), {damaged} bytes before its end: "
                        + "no interruption does that. "
                        + $"Delete the file to capture again, or cut it to {position} bytes to continue from there.");
                }

                break;
            }

            if (!index.TryAdd(document.DocumentId, position))
            {
                throw new ArtifactException(
                    path, $"has the document '{document.DocumentId}' twice (byte {position}). The file was altered; "
                    + "delete it and capture again.");
            }

            tokens += document.TokenIds.Length;
            entries += document.Next.Ids.Length;
            position += length;
        }

        return new StoreRecovery(index, position, file.Length - position, tokens, entries);
    }

    /// <summary>The block at a position: its length as far as it can be told (0 if not), and its document if it is whole.</summary>
    private static (long Length, DocumentDistributions? Document) ReadBlock(
        StoreFileReader file, DistributionCodec codec, long position, int ordinal)
    {
        if (file.Length - position < BlockHeader.Size)
        {
            return (BlockHeader.Size, null);
        }

        Span<byte> header = stackalloc byte[BlockHeader.Size];
        file.Read(position, header);
        if (BlockHeader.Read(header) is not { } block
            || block.Ordinal != ordinal)
        {
            return (0, null);
        }

        var length = (long)BlockHeader.Size + block.Length;
        if (file.Length - position < length)
        {
            return (length, null);
        }

        var payload = new byte[block.Length];
        file.Read(position + BlockHeader.Size, payload);
        try
        {
            return (length, Crc32C.Of(payload) == block.Checksum ? codec.Decode(payload) : null);
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException)
        {
            return (length, null);
        }
    }

    private static void CheckIdentity(string path, DistributionStoreOptions found, DistributionStoreOptions expected)
    {
        // Another version of the program may continue: what it writes is defined by the format's version.
        if (found with { CreatedBy = expected.CreatedBy } != expected)
        {
            throw new ArtifactException(
                path, $"was begun for {Describe(found)}, now asked for {Describe(expected)}. Use another folder, or delete this one.");
        }
    }

    private static string Describe(DistributionStoreOptions options) =>
        $"model {options.ModelHash[..12]}, tokenizer {options.TokenizerHash[..12]}, corpus {options.CorpusHash[..12]}, "
        + $"vocabulary {options.VocabularySize}, k {options.TopK}, kept mass {options.KeptMass}";
}
