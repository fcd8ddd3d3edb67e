using Transfuse.Diagnostics;

namespace Transfuse.Checkpoints.Hub;

/// <summary>Fetches models from a hub into the cache that the ecosystem's tools share.</summary>
public sealed class ModelHub
{
    private const int ListedNames = 12;
    private readonly HubOptions _options;

    /// <summary>A hub.</summary>
    public ModelHub(HubOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Cache = new HubCache(options.CacheFolder);
    }

    /// <summary>The cache.</summary>
    public HubCache Cache { get; }

    /// <summary>
    /// Brings a revision of a model into the cache. Contents that are there are not fetched again; a broken fetch goes on where it ended, now
    /// or in a later pull; every content is checked against its hash. The revision is found in the cache only after all files are there.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="selection">Which files.</param>
    /// <param name="progress">Hears of the bytes of every file.</param>
    /// <param name="cancellationToken">Ends it; what has arrived stays.</param>
    /// <exception cref="HubException">The model is not there, not allowed, or the connection fails for good.</exception>
    public async Task<HubPull> PullAsync(HubModel model, HubSelection selection, IProgress<RunEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(selection);
        if (_options.IsOffline)
        {
            throw new HubException(model.ToString(), "cannot be pulled offline (HF_HUB_OFFLINE is set).");
        }

        try
        {
            return await PullOnlineAsync(model, selection, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or TimeoutException)
        {
            throw new HubException(model.ToString(), $"{_options.Endpoint} cannot be reached: {exception.Message}. Check the network and HF_ENDPOINT, or pull later.", exception);
        }
    }

    private async Task<HubPull> PullOnlineAsync(HubModel model, HubSelection selection, IProgress<RunEvent>? progress, CancellationToken cancellation)
    {
        using var client = new HubClient(model, _options);
        var listing = await client.ListAsync(cancellation).ConfigureAwait(false);
        selection = FindOnlyGguf(model, listing, selection) ?? selection;
        HubFile[] files = [.. listing.Files.Where(file => selection.Contains(file.Path))];
        if (files.Length == 0)
        {
            var names = string.Join(", ", listing.Files.Take(ListedNames).Select(file => file.Path));
            throw new HubException(model.ToString(), $"none of its {listing.Files.Count} files is selected ({names}{(listing.Files.Count > ListedNames ? ", …" : "")}). Change --include.");
        }

        var download = new HubDownload(client, model, _options);
        var fetched = 0L;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, _options.ParallelFiles), CancellationToken = cancellation };
        await Parallel.ForEachAsync(files, parallel, async (file, token) =>
        {
            var bytes = await BringAsync(client, download, model, listing.Commit, file, progress, token).ConfigureAwait(false);
            Interlocked.Add(ref fetched, bytes);
        }).ConfigureAwait(false);
        Cache.WriteReference(model, listing.Commit);
        return new HubPull(Cache.Snapshot(model, listing.Commit), listing.Commit, files, fetched);
    }

    /// <summary>
    /// What to pull where the usual selection would bring no weights, since the model has them as GGUF only: the one file there is. Null where
    /// the selection holds.
    /// </summary>
    private static HubSelection? FindOnlyGguf(HubModel model, HubListing listing, HubSelection selection)
    {
        const string gguf = "*.gguf";
        string[] files = [.. listing.Files.Select(file => file.Path).Where(path => GlobPattern.Matches(gguf, path))];
        if (!ReferenceEquals(selection.Include, HubSelection.ModelFiles) || files.Length == 0
            || listing.Files.Any(file => GlobPattern.Matches("*.safetensors", file.Path)))
        {
            return null;
        }

        var names = $"{string.Join(", ", files.Take(ListedNames))}{(files.Length > ListedNames ? ", …" : "")}";
        return files.Length == 1
            ? selection with { Include = [gguf, "README.md", "LICENSE*"] }
            : throw new HubException(
                model.ToString(), $"has its weights as GGUF only, in {files.Length} files: {names}. Choose one: transfuse pull {model} --include '{files[0]}'.");
    }

    private async Task<long> BringAsync(
        HubClient client, HubDownload download, HubModel model, string commit, HubFile file, IProgress<RunEvent>? progress, CancellationToken cancellation)
    {
        var facts = await client.DescribeAsync(commit, file.Path, cancellation).ConfigureAwait(false);
        var blob = Cache.Blob(model, facts.Hash);
        var isThere = new FileInfo(blob) is { Exists: true } present && (facts.Size is null || present.Length == facts.Size);
        var total = facts.Size ?? file.Size ?? 0;
        if (!isThere)
        {
            await download.FetchAsync(file.Path, facts, blob, bytes => progress?.Report(new ProgressEvent(file.Path, bytes, total, "bytes")), cancellation).ConfigureAwait(false);
        }

        Cache.Link(model, commit, file.Path, facts.Hash);
        return isThere ? 0 : new FileInfo(blob).Length;
    }
}
