using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Transfuse.Tests.Shared;

/// <summary>
/// A hub of one model on this machine: lists its files, answers with hashes, redirects large files to a second host, goes on from a byte, and
/// breaks, refuses or lies where a test wants it to.
/// </summary>
internal sealed class FakeHub : IDisposable
{
    internal const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const int LargeFrom = 1000;

    private readonly TcpListener _hub = new(IPAddress.Loopback, 0);
    private readonly TcpListener _storage = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<int>> _breaks = new(StringComparer.Ordinal);

    internal FakeHub(string model = "org/tiny")
    {
        Model = model;
        foreach (var listener in (TcpListener[])[_hub, _storage])
        {
            listener.Start();
            _ = AcceptAsync(listener);
        }
    }

    internal string Model { get; }

    internal Uri Endpoint => new($"http://127.0.0.1:{Port(_hub)}");

    internal Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Every request: method, path, whether it went to the storage, its headers.</summary>
    internal ConcurrentQueue<(string Method, string Path, bool IsStorage, IReadOnlyDictionary<string, string> Headers)> Requests { get; } = new();

    /// <summary>What the hub answers instead: status and its own code for it.</summary>
    internal (int Status, string Code)? Refusal { get; set; }

    /// <summary>The token without which the hub refuses, or null.</summary>
    internal string? Token { get; init; }

    /// <summary>Files whose promised hash is not that of their content.</summary>
    internal HashSet<string> Lies { get; } = new(StringComparer.Ordinal);

    /// <summary>Cuts the next connections for a file after so many bytes each.</summary>
    internal void Break(string path, params int[] bytes) => _breaks[path] = new ConcurrentQueue<int>(bytes);

    internal int ContentRequests => Requests.Count(request => request.Method == "GET" && !request.Path.StartsWith("/api/", StringComparison.Ordinal));

    public void Dispose()
    {
        _stop.Cancel();
        _hub.Stop();
        _storage.Stop();
        _stop.Dispose();
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false);
                _ = AnswerAsync(client, listener == _storage);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient client, bool isStorage)
    {
        using var owned = client;
        try
        {
            using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            if (await reader.ReadLineAsync(_stop.Token).ConfigureAwait(false) is not { } line)
            {
                return;
            }

            var (method, path) = (line.Split(' ')[0], line.Split(' ')[1]);
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await reader.ReadLineAsync(_stop.Token).ConfigureAwait(false) is { Length: > 0 } header)
            {
                headers[header[..header.IndexOf(':', StringComparison.Ordinal)]] = header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            }

            Requests.Enqueue((method, path, isStorage, headers));
            await RouteAsync(stream, method, path, headers).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            // The client went away.
        }
    }

    private async Task RouteAsync(NetworkStream stream, string method, string path, Dictionary<string, string> headers)
    {
        const string storagePrefix = "/storage/";
        if (path.StartsWith(storagePrefix, StringComparison.Ordinal))
        {
            await SendFileAsync(stream, method, Uri.UnescapeDataString(path[storagePrefix.Length..]), [], headers).ConfigureAwait(false);
        }
        else if (Refusal is { } refusal)
        {
            await SendAsync(stream, refusal.Status, [$"X-Error-Code: {refusal.Code}"], []).ConfigureAwait(false);
        }
        else if (Token is not null && headers.GetValueOrDefault("Authorization") != $"Bearer {Token}")
        {
            await SendAsync(stream, 401, [], []).ConfigureAwait(false);
        }
        else if (path.StartsWith($"/api/models/{Model}/revision/", StringComparison.Ordinal))
        {
            await SendAsync(stream, 200, ["Content-Type: application/json"], Encoding.UTF8.GetBytes(Listing())).ConfigureAwait(false);
        }
        else if (path.StartsWith($"/{Model}/resolve/{Commit}/", StringComparison.Ordinal))
        {
            await ResolveAsync(stream, method, Uri.UnescapeDataString(path[$"/{Model}/resolve/{Commit}/".Length..]), headers).ConfigureAwait(false);
        }
        else
        {
            await SendAsync(stream, 404, [], []).ConfigureAwait(false);
        }
    }

    private string Listing() => new JsonObject
    {
        ["id"] = Model,
        ["sha"] = Commit,
        ["siblings"] = new JsonArray([.. Files.Select(file => (JsonNode)new JsonObject { ["rfilename"] = file.Key, ["size"] = file.Value.Length })]),
    }.ToJsonString();

    private async Task ResolveAsync(NetworkStream stream, string method, string name, Dictionary<string, string> headers)
    {
        if (!Files.TryGetValue(name, out var content))
        {
            await SendAsync(stream, 404, ["X-Error-Code: EntryNotFound"], []).ConfigureAwait(false);
        }
        else if (content.Length < LargeFrom)
        {
            await SendFileAsync(stream, method, name, [$"ETag: \"{Hash(name)}\"", $"X-Repo-Commit: {Commit}"], headers).ConfigureAwait(false);
        }
        else
        {
            var address = $"http://127.0.0.1:{Port(_storage)}/storage/{Uri.EscapeDataString(name)}";
            await SendAsync(stream, 302, [$"Location: {address}", $"X-Linked-Etag: \"{Hash(name)}\"", $"X-Linked-Size: {content.Length}", "ETag: \"of-the-redirect\""], []).ConfigureAwait(false);
        }
    }

    /// <summary>The hash that the hub promises: SHA-256 of a large file, git's SHA-1 of a blob of a small one.</summary>
    internal string Hash(string name)
    {
        byte[] content = Lies.Contains(name) ? [.. Files[name], 0] : Files[name];
#pragma warning disable CA5350 // git names its blobs by SHA-1
        return Convert.ToHexStringLower(Files[name].Length >= LargeFrom
            ? SHA256.HashData(content)
            : SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
    }

    private async Task SendFileAsync(NetworkStream stream, string method, string name, string[] more, Dictionary<string, string> headers)
    {
        var content = Files[name];
        var from = headers.TryGetValue("Range", out var range) ? int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture) : 0;
        string[] lines = from > 0 ? [.. more, $"Content-Range: bytes {from}-{content.Length - 1}/{content.Length}"] : more;
        int? cut = method == "GET" && _breaks.TryGetValue(name, out var breaks) && breaks.TryDequeue(out var bytes) ? bytes : null;
        await SendAsync(stream, from > 0 ? 206 : 200, lines, content[from..], method == "HEAD" ? 0 : cut).ConfigureAwait(false);
    }

    private static async Task SendAsync(NetworkStream stream, int status, string[] headers, byte[] body, int? cut = null)
    {
        var head = $"HTTP/1.1 {status} X\r\nContent-Length: {body.Length}\r\nConnection: close\r\n{string.Concat(headers.Select(line => line + "\r\n"))}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head)).ConfigureAwait(false);
        await stream.WriteAsync(body.AsMemory(0, Math.Min(cut ?? body.Length, body.Length))).ConfigureAwait(false);
    }
}
