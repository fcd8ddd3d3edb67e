using System.Net;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Hub;

/// <summary>Fetches one content into the cache: goes on where an earlier try ended, and gives it its name when size and hash are right.</summary>
internal sealed class HubDownload(HubClient client, HubModel model, HubOptions options)
{
    private const string IncompleteSuffix = ".incomplete";
    private const int BufferSize = 1 << 17;

    /// <summary>Fetches a content.</summary>
    /// <param name="path">Path of the file in the model, for messages.</param>
    /// <param name="facts">Its hash, size and address.</param>
    /// <param name="blob">Where it goes.</param>
    /// <param name="report">Hears how many bytes are there.</param>
    /// <param name="cancellation">Ends it; what is there stays for the next time.</param>
    internal async Task FetchAsync(string path, HubFileFacts facts, string blob, Action<long> report, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        var partial = blob + IncompleteSuffix;
        await FetchPartialAsync(path, facts, partial, report, cancellation).ConfigureAwait(false);
        if (!HubCache.HasHash(partial, facts.Hash))
        {
            File.Delete(partial);
            throw new HubException(model.Name, $"'{path}' arrived with another content than the hub promises (hash {facts.Hash}). It was deleted; pull again.");
        }

        File.Move(partial, blob, overwrite: true);
    }

    private async Task FetchPartialAsync(string path, HubFileFacts facts, string partial, Action<long> report, CancellationToken cancellation)
    {
        while (true)
        {
            var before = Length(partial);
            try
            {
                await client.Retry.ExecuteAsync(
                    async token => await AppendAsync(path, facts, partial, report, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (IsBroken(exception))
            {
                // A connection that brings something before it breaks may be tried for ever.
                if (Length(partial) <= before)
                {
                    throw new HubException(
                        model.Name, $"the connection broke {options.Retries + 1} times at '{path}' ({exception.Message}). What arrived is kept: pull again to go on.", exception);
                }
            }
        }
    }

    private async Task AppendAsync(string path, HubFileFacts facts, string partial, Action<long> report, CancellationToken cancellation)
    {
        using var file = Open(partial);
        if (facts.Size is { } size && file.Length > size)
        {
            file.SetLength(0);
        }

        if (facts.Size is { } whole && file.Length == whole)
        {
            report(whole);
            return;
        }

        using var response = await client.OpenAsync(facts.Address, path, file.Length, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable || !StartsAt(response, file.Length))
        {
            // The server does not go on where we want to: from the start.
            file.SetLength(0);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new IOException($"the server did not send '{path}' from where it was asked to");
            }
        }

        file.Seek(0, SeekOrigin.End);
        await CopyAsync(response, file, path, facts.Size, report, cancellation).ConfigureAwait(false);
    }

    private async Task CopyAsync(HttpResponseMessage response, FileStream file, string path, long? size, Action<long> report, CancellationToken cancellation)
    {
        var expected = size ?? (response.Content.Headers.ContentLength is { } rest ? file.Length + rest : null);
        using var source = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[BufferSize];
        while (await ReadAsync(source, buffer, cancellation).ConfigureAwait(false) is var count && count > 0)
        {
            await file.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            report(file.Position);
            if (expected is { } most && file.Position > most)
            {
                file.SetLength(0);
                throw new HubException(model.Name, $"'{path}' has more bytes than the {most:N0} that the hub promises. It was deleted.");
            }
        }

        if (expected is { } all && file.Position < all)
        {
            throw new IOException($"the connection ended after {file.Position:N0} of {all:N0} bytes");
        }
    }

    private async Task<int> ReadAsync(Stream source, byte[] buffer, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(options.Timeout);
        try
        {
            return await source.ReadAsync(buffer, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing arrived for {options.Timeout.TotalSeconds:0} seconds", exception);
        }
    }

    private static bool StartsAt(HttpResponseMessage response, long position) =>
        position == 0 || (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == position);

    // The exclusive lock keeps a second process from writing into the same file.
    private FileStream Open(string partial)
    {
        try
        {
            return new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, BufferSize);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(partial, $"cannot be written ({exception.Message}). Another process may be pulling {model.Name}; wait for it.", exception);
        }
    }

    private static long Length(string partial) => new FileInfo(partial) is { Exists: true } file ? file.Length : 0;

    private static bool IsBroken(Exception exception) => exception is HttpRequestException or IOException or TimeoutException;
}
