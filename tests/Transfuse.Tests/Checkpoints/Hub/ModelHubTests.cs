using System.Text;
using Transfuse.Checkpoints.Hub;
using Transfuse.Diagnostics;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Hub;

public sealed class ModelHubTests
{
    private static readonly HubModel Tiny = new("org/tiny", "main");

    [Fact]
    public async Task A_pull_lays_the_cache_as_the_ecosystem_does()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        var events = new Collected();
        var pull = await new ModelHub(Options(hub, folder)).PullAsync(Tiny, new HubSelection(), events);
        var root = Path.Combine(folder.FullPath, "models--org--tiny");
        Assert.Equal(Path.Combine(root, "snapshots", FakeHub.Commit), pull.Folder);
        Assert.Equal(FakeHub.Commit, await File.ReadAllTextAsync(Path.Combine(root, "refs", "main")));
        Assert.Equal(["config.json", "model.safetensors", "sub/more.json"], pull.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        foreach (var file in pull.Files)
        {
            var path = Path.Combine(pull.Folder, file.Path);
            Assert.Equal(hub.Files[file.Path], await File.ReadAllBytesAsync(path));
            var depth = file.Path.Contains('/', StringComparison.Ordinal) ? "../../../" : "../../";
            Assert.Equal($"{depth}blobs/{hub.Hash(file.Path)}", new FileInfo(path).LinkTarget!.Replace('\\', '/'));
        }

        Assert.Equal(pull.Files.Sum(file => file.Size), pull.FetchedBytes);
        Assert.Equal(pull.Folder, new HubCache(folder.FullPath).Find(Tiny));
        Assert.Equal(pull.Folder, new HubCache(folder.FullPath).Find(Tiny with { Revision = FakeHub.Commit }));
        Assert.Contains(events.Events.OfType<ProgressEvent>(), e => e.Stage == "model.safetensors" && e.Done == e.Total && e.Total == 300_000);
    }

    [Fact]
    public async Task What_is_there_is_not_fetched_again()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        var puller = new ModelHub(Options(hub, folder));
        await puller.PullAsync(Tiny, new HubSelection());
        var requests = hub.ContentRequests;
        var again = await puller.PullAsync(Tiny, new HubSelection());
        Assert.Equal((0, requests), (again.FetchedBytes, hub.ContentRequests));
    }

    [Theory]
    [InlineData("*.safetensors", null, "model.safetensors")]
    [InlineData("*", "*.json", "model.safetensors,pytorch_model.bin")]
    [InlineData("sub/*", null, "sub/more.json")]
    public async Task Patterns_select_files(string include, string? exclude, string expected)
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        var pull = await new ModelHub(Options(hub, folder)).PullAsync(Tiny, new HubSelection { Include = [include], Exclude = exclude is null ? [] : [exclude] });
        Assert.Equal(expected, string.Join(',', pull.Files.Select(file => file.Path).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task A_broken_connection_goes_on_where_it_ended()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        hub.Break("model.safetensors", 100_000, 0, 50_000);
        var pull = await new ModelHub(Options(hub, folder)).PullAsync(Tiny, new HubSelection());
        Assert.Equal(hub.Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(pull.Folder, "model.safetensors")));
        var ranges = hub.Requests.Where(request => request.IsStorage).Select(request => request.Headers.GetValueOrDefault("Range", "none"));
        Assert.Equal("none, bytes=100000-, bytes=100000-, bytes=150000-", string.Join(", ", ranges));
    }

    [Fact]
    public async Task A_connection_that_brings_nothing_ends_the_pull_and_the_next_one_goes_on()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        hub.Break("model.safetensors", [70_000, .. Enumerable.Repeat(0, 20)]);
        var puller = new ModelHub(Options(hub, folder));
        var fault = await Assert.ThrowsAsync<HubException>(() => puller.PullAsync(Tiny, new HubSelection()));
        Assert.Contains("pull again to go on", fault.Message, StringComparison.Ordinal);
        Assert.Null(puller.Cache.Find(Tiny));
        hub.Break("model.safetensors");
        await puller.PullAsync(Tiny, new HubSelection());
        Assert.Equal("bytes=70000-", hub.Requests.Last(request => request.IsStorage).Headers["Range"]);
        Assert.NotNull(puller.Cache.Find(Tiny));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task A_content_with_another_hash_is_refused_and_deleted(string name)
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        hub.Lies.Add(name);
        var puller = new ModelHub(Options(hub, folder));
        var fault = await Assert.ThrowsAsync<HubException>(() => puller.PullAsync(Tiny, new HubSelection()));
        Assert.Contains($"'{name}' arrived with another content", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(folder.FullPath, "*", SearchOption.AllDirectories), file => file.Contains(hub.Hash(name), StringComparison.Ordinal));
        Assert.Null(puller.Cache.Find(Tiny));
    }

    [Theory]
    [InlineData(401, "GatedRepo", null, "accept its conditions on")]
    [InlineData(403, "GatedRepo", "secret", "has not been let in")]
    [InlineData(401, "", null, "set HF_TOKEN")]
    [InlineData(401, "", "secret", "does not take the token")]
    [InlineData(404, "RepoNotFound", null, "is not on the hub")]
    [InlineData(404, "RevisionNotFound", null, "has no revision 'main'")]
    public async Task A_refusal_says_what_to_do(int status, string code, string? token, string expected)
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        hub.Refusal = (status, code);
        var fault = await Assert.ThrowsAsync<HubException>(() => new ModelHub(Options(hub, folder) with { Token = token }).PullAsync(Tiny, new HubSelection()));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_reaches_the_hub_and_no_other_host()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled("secret");
        await new ModelHub(Options(hub, folder) with { Token = "secret" }).PullAsync(Tiny, new HubSelection());
        Assert.All(hub.Requests, request => Assert.Equal(!request.IsStorage, request.Headers.ContainsKey("Authorization")));
        Assert.Contains(hub.Requests, request => request.IsStorage);
    }

    [Fact]
    public async Task An_overloaded_hub_is_asked_again()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        hub.Refusal = (503, "");
        var fault = await Assert.ThrowsAsync<HubException>(() => new ModelHub(Options(hub, folder)).PullAsync(Tiny, new HubSelection()));
        Assert.Contains("cannot be reached", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, hub.Requests.Count);
    }

    [Theory]
    [InlineData("../evil.json")]
    [InlineData("/etc/evil.json")]
    [InlineData("a\\..\\evil.json")]
    public async Task A_file_that_would_leave_the_folder_is_refused(string name)
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        hub.Files[name] = [1];
        var fault = await Assert.ThrowsAsync<HubException>(() => new ModelHub(Options(hub, folder)).PullAsync(Tiny, new HubSelection()));
        Assert.Contains("could leave the model's folder", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offline_nothing_is_asked()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        var fault = await Assert.ThrowsAsync<HubException>(() => new ModelHub(Options(hub, folder) with { IsOffline = true }).PullAsync(Tiny, new HubSelection()));
        Assert.Contains("offline", fault.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task No_selected_file_names_what_is_there()
    {
        using var folder = new TemporaryFolder();
        using var hub = Filled();
        var fault = await Assert.ThrowsAsync<HubException>(() => new ModelHub(Options(hub, folder)).PullAsync(Tiny, new HubSelection { Include = ["*.gguf"] }));
        Assert.Contains("config.json", fault.Message, StringComparison.Ordinal);
    }

    private static FakeHub Filled(string? token = null)
    {
        var large = new byte[300_000];
        for (var i = 0; i < large.Length; i++)
        {
            large[i] = (byte)(i * 31 / 7);
        }

        return new FakeHub
        {
            Token = token,
            Files =
            {
                ["config.json"] = Encoding.UTF8.GetBytes("{}"),
                ["model.safetensors"] = large,
                ["sub/more.json"] = Encoding.UTF8.GetBytes("[1]"),
                ["pytorch_model.bin"] = large[..5000],
            },
        };
    }

    private static HubOptions Options(FakeHub hub, TemporaryFolder folder) => new()
    {
        Endpoint = hub.Endpoint,
        CacheFolder = folder.FullPath,
        Retries = 2,
        RetryDelay = TimeSpan.FromMilliseconds(1),
    };

    private sealed class Collected : IProgress<RunEvent>
    {
        private readonly Lock _lock = new();

        public List<RunEvent> Events { get; } = [];

        public void Report(RunEvent value)
        {
            lock (_lock)
            {
                Events.Add(value);
            }
        }
    }
}
