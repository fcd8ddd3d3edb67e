using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace Transfuse.Checkpoints.Hub;

/// <summary>Speaks the hub's HTTP interface for one model. Disposing ends its connections.</summary>
internal sealed class HubClient : IDisposable
{
    private const int MaxRedirects = 5;
    private const int MaxListingBytes = 64 << 20;
    private const int MaxFiles = 100_000;

    private readonly HubModel _model;
    private readonly HubOptions _options;
    private readonly HttpClient _http;

    internal HubClient(HubModel model, HubOptions options)
    {
        _model = model;
        _options = options;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = options.Timeout };
        _http = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxListingBytes };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("transfuse/1");
        Retry = new ResiliencePipelineBuilder { TimeProvider = options.Clock }
            .AddRetry(new RetryStrategyOptions
            {
                // A host without address is a slip or no network at all; waiting helps neither.
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>(fault => fault.HttpRequestError != HttpRequestError.NameResolutionError)
                    .Handle<IOException>().Handle<TimeoutException>(),
                MaxRetryAttempts = Math.Max(1, options.Retries),
                Delay = options.RetryDelay,
                MaxDelay = TimeSpan.FromSeconds(30),
                BackoffType = DelayBackoffType.Exponential,
            })
            .Build();
    }

    /// <summary>Does something again while the connection breaks or the hub is overloaded.</summary>
    internal ResiliencePipeline Retry { get; }

    public void Dispose() => _http.Dispose();

    /// <summary>Lists the files of the model's revision.</summary>
    internal async Task<HubListing> ListAsync(CancellationToken cancellation) => await Retry.ExecuteAsync(
        async token =>
        {
            var address = Address($"api/models/{_model.Name}/revision/{Uri.EscapeDataString(_model.Revision)}?blobs=true");
            using var response = await SendAsync(HttpMethod.Get, address, range: null, keepsTo: null, token).ConfigureAwait(false);
            Check(response);
            var json = await response.Content.ReadAsByteArrayAsync(token).ConfigureAwait(false);
            return JsonInput.Read(json, address.ToString(), "list of files", ReadListing);
        },
        cancellation).ConfigureAwait(false);

    /// <summary>Asks for a file's hash, size and address.</summary>
    internal async Task<HubFileFacts> DescribeAsync(string commit, string path, CancellationToken cancellation) => await Retry.ExecuteAsync(
        async token =>
        {
            var address = Address($"{_model.Name}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");
            using var response = await SendAsync(HttpMethod.Head, address, range: null, keepsTo: _options.Endpoint.Host, token).ConfigureAwait(false);
            Check(response, path);
            return ReadFacts(response, path);
        },
        cancellation).ConfigureAwait(false);

    /// <summary>Opens a file's content from a byte on. The caller disposes the response.</summary>
    internal async Task<HttpResponseMessage> OpenAsync(Uri address, string path, long from, CancellationToken cancellation)
    {
        var response = await SendAsync(HttpMethod.Get, address, from > 0 ? new RangeHeaderValue(from, null) : null, keepsTo: null, cancellation).ConfigureAwait(false);
        try
        {
            if (response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                Check(response, path);
            }

            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private Uri Address(string relative) => new(_options.Endpoint.AbsoluteUri.TrimEnd('/') + "/" + relative);

    // Follows redirects itself: the token must not reach another host. keepsTo: a redirect that leaves this host is the answer.
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, RangeHeaderValue? range, string? keepsTo, CancellationToken cancellation)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(method, address);
            request.Headers.Range = range;
            request.Headers.AcceptEncoding.ParseAdd("identity");
            if (_options.Token is { } token && IsEndpoint(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            var response = await SendOnceAsync(request, cancellation).ConfigureAwait(false);
            var isRedirect = (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is not null;
            var target = isRedirect ? new Uri(address, response.Headers.Location!) : address;
            if (!isRedirect || (keepsTo is not null && !(string.Equals(target.Host, keepsTo, StringComparison.OrdinalIgnoreCase) && target.Port == address.Port)))
            {
                return response;
            }

            response.Dispose();
            if (redirects >= MaxRedirects || target.Scheme is not ("http" or "https") || (address.Scheme is "https" && target.Scheme is "http"))
            {
                throw new HubException(_model.Name, $"the hub redirects {address} to {target}, which is not followed.");
            }

            address = target;
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_options.Timeout);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.RequestUri?.Host} did not answer for {_options.Timeout.TotalSeconds:0} seconds.", exception);
        }
    }

    private bool IsEndpoint(Uri address) => string.Equals(address.Host, _options.Endpoint.Host, StringComparison.OrdinalIgnoreCase)
        && address.Port == _options.Endpoint.Port && string.Equals(address.Scheme, _options.Endpoint.Scheme, StringComparison.OrdinalIgnoreCase);

    private void Check(HttpResponseMessage response, string? path = null)
    {
        var status = (int)response.StatusCode;
        if (status < 400)
        {
            return;
        }

        if (status is 408 or 429 or >= 500)
        {
            throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"the hub answers {status} {response.ReasonPhrase}"), null, response.StatusCode);
        }

        var code = response.Headers.TryGetValues("X-Error-Code", out var values) ? values.FirstOrDefault() : null;
        throw new HubException(_model.Name, HubRefusal.Explain(_model, _options, status, code, path));
    }

    private HubListing ReadListing(JsonElement json)
    {
        var commit = json.TryGetProperty("sha", out var sha) && sha.ValueKind == JsonValueKind.String ? sha.GetString()! : string.Empty;
        if (!HubCache.IsCommit(commit) || !json.TryGetProperty("siblings", out var siblings) || siblings.ValueKind != JsonValueKind.Array || siblings.GetArrayLength() > MaxFiles)
        {
            throw new HubException(_model.Name, $"the answer of {_options.Endpoint} is no list of a model's files. Check the address of the hub.");
        }

        return new HubListing(commit, [.. siblings.EnumerateArray().Select(ReadFile)]);
    }

    private HubFile ReadFile(JsonElement sibling)
    {
        if (sibling.ValueKind != JsonValueKind.Object || !sibling.TryGetProperty("rfilename", out var name) || name.ValueKind != JsonValueKind.String || !IsSafe(name.GetString()!))
        {
            throw new HubException(_model.Name, $"the hub lists a file that could leave the model's folder: {sibling.GetRawText()}.");
        }

        return new HubFile(name.GetString()!, sibling.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null);
    }

    // No way out of the folder on any system.
    private static bool IsSafe(string path) => path.Length < 1024 && path.Split('/').All(part =>
        part.Length > 0 && part is not ("." or "..") && part.IndexOfAny(['\\', ':', '\0', '*', '?', '"', '<', '>', '|', '\n', '\r']) < 0);

    private HubFileFacts ReadFacts(HttpResponseMessage response, string path)
    {
        string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
        var tag = Header("X-Linked-Etag") ?? response.Headers.ETag?.Tag ?? Header("ETag") ?? string.Empty;
        var hash = tag.Replace("W/", string.Empty, StringComparison.Ordinal).Trim('"');
        if (hash.Length is 0 or > 128 || !hash.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            throw new HubException(_model.Name, $"the hub gives no hash of '{path}', so it cannot be checked.");
        }

        var size = Header("X-Linked-Size") is { } linked && long.TryParse(linked, CultureInfo.InvariantCulture, out var bytes) ? bytes
            : (int)response.StatusCode < 300 ? response.Content.Headers.ContentLength : null;
        // Not the address of a redirect, which expires: a broken fetch asks for a new one.
        return new HubFileFacts(hash, size, response.RequestMessage!.RequestUri!);
    }
}
