using Transfuse.Corpora;
using Transfuse.Diagnostics;
using Transfuse.Distributions;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Distributions;

public sealed class DistributionCaptureTests : IDisposable
{
    private const int Vocabulary = 260;
    private static readonly Document[] Documents =
        [.. new[] { "A short one.", "", "é", new string('x', 30) + " and a longer text, about 80 bytes in all, with an end", "five", "six six", "7" }
            .Select((text, i) => new Document($"d{i}", "", text))];

    private readonly NaiveHeadDevice _device = new();
    private readonly FakeModel _model;

    public DistributionCaptureTests()
    {
        _model = new FakeModel(_device, Vocabulary, maxPositions: 512);
    }

    [Theory]
    [InlineData(true, 2048, null, null)]
    [InlineData(false, 1, null, null)]
    [InlineData(true, 20, null, null)]
    [InlineData(false, 32, 16, 4)]
    [InlineData(true, 32, 16, 4)]
    [InlineData(true, 40, 8, 6)]
    [InlineData(false, 5, 4, 2)]
    public void Stored_is_what_the_model_says_after_each_token_whatever_the_batches_and_windows(bool hasBos, int batch, int? context, int? overlap)
    {
        using var folder = new TemporaryFolder();
        var tokenizer = new FakeTokenizer(hasBos);
        Capture(folder, tokenizer, new() { TokensPerBatch = batch, ContextLength = context, Overlap = overlap });
        using var reader = DistributionStoreReader.Open(folder.FullPath);
        Assert.Equal(Documents.Select(document => document.Id), reader.DocumentIds);
        Assert.All(Documents, document => StoreExamples.AssertClose(Expected(document, tokenizer), reader.Read(document.Id)));
        Assert.All(_model.BatchSizes, size => Assert.InRange(size, 1, Math.Max(batch, Math.Min(context ?? 512, 100))));
    }

    [Fact]
    public void A_capture_interrupted_after_any_document_continues_to_the_same_bytes()
    {
        using var whole = new TemporaryFolder();
        var tokenizer = new FakeTokenizer(hasBos: true);
        var options = new DistributionCaptureOptions { TokensPerBatch = 30 };
        Capture(whole, tokenizer, options);
        var expected = File.ReadAllBytes(whole["distributions.bin"]);
        var batches = _model.BatchSizes.ToList();
        for (var length = (int)new FileInfo(whole["distributions.bin"]).Length; length > expected.Length / 2; length -= 7)
        {
            using var folder = new TemporaryFolder();
            folder.Write("distributions.bin", expected[..length]);
            _model.BatchSizes.Clear();
            Capture(folder, tokenizer, options);
            Assert.Equal(expected, File.ReadAllBytes(folder["distributions.bin"]));
            Assert.Equal(batches[^_model.BatchSizes.Count..], _model.BatchSizes);
        }
    }

    [Fact]
    public void Cancellation_keeps_what_was_stored_and_progress_is_told()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = new FakeTokenizer(hasBos: true);
        var options = new DistributionCaptureOptions { TokensPerBatch = 16, Stage = "capture fake", TotalDocuments = Documents.Length };
        using var source = new CancellationTokenSource();
        var events = new List<ProgressEvent>();
        var progress = new Listener(value =>
        {
            events.Add(Assert.IsType<ProgressEvent>(value));
            source.Cancel();
        });
        using (var store = DistributionStoreWriter.Open(folder.FullPath, Options(tokenizer)))
        {
            var capture = new DistributionCapture(_device, _model, tokenizer, options);
            Assert.Throws<OperationCanceledException>(() => capture.Run(Documents, store, progress, source.Token));
        }

        Assert.Equal(("capture fake", 2, 7, "documents"), (events[0].Stage, events[0].Done, events[0].Total, events[0].Unit));
        using var again = DistributionStoreWriter.Open(folder.FullPath, Options(tokenizer));
        Assert.Equal(["d0", "d1"], again.DocumentIds);
    }

    [Fact]
    public void The_kept_mass_cuts_positions_short()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = new FakeTokenizer(hasBos: true);
        Capture(folder, tokenizer, new(), Options(tokenizer) with { KeptMass = 0.5 });
        using var reader = DistributionStoreReader.Open(folder.FullPath);
        var next = reader.Read("d3").Next;
        var full = Expected(Documents[3], tokenizer).Next;
        for (var i = 0; i < next.Count; i++)
        {
            var needed = 1;
            for (var mass = Math.Exp(full.LogProbabilitiesAt(i)[0]); needed < 10 && mass < 0.5; needed++)
            {
                mass += Math.Exp(full.LogProbabilitiesAt(i)[needed]);
            }

            Assert.Equal(full.IdsAt(i)[..needed].ToArray(), next.IdsAt(i).ToArray());
        }

        Assert.True(next.Ids.Length < full.Ids.Length);
    }

    [Fact]
    public void A_store_of_another_corpus_is_refused()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = new FakeTokenizer(hasBos: true);
        using var store = DistributionStoreWriter.Open(folder.FullPath, Options(tokenizer));
        var capture = new DistributionCapture(_device, _model, tokenizer);
        capture.Run(Documents[..3], store);
        Assert.Throws<ArtifactException>(() => capture.Run(Documents[1..], store));
        Assert.Throws<ArtifactException>(() => capture.Run(Documents[..2], store));
    }

    [Fact]
    public void Nan_ids_outside_the_model_and_impossible_windows_are_named()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = new FakeTokenizer(hasBos: true);
        using var store = DistributionStoreWriter.Open(folder.FullPath, Options(tokenizer));
        using var broken = new FakeModel(_device, Vocabulary, 64) { GivesNaN = true };
        using var narrow = new FakeModel(_device, 100, 64);
        Assert.Contains("'d0'", Assert.Throws<CheckFailedException>(() => new DistributionCapture(_device, broken, tokenizer).Run(Documents, store)).Message);
        Assert.Contains("256", Assert.Throws<TokenizerException>(() => new DistributionCapture(_device, narrow, tokenizer).Run(Documents, store)).Message);
        Assert.Throws<ArgumentException>(() => new DistributionCapture(_device, _model, tokenizer, new() { ContextLength = 513 }));
        Assert.Throws<ArgumentException>(() => new DistributionCapture(_device, _model, tokenizer, new() { ContextLength = 16, Overlap = 15 }));
    }

    public void Dispose()
    {
        _model.Dispose();
        _device.Dispose();
    }

    private static DistributionStoreOptions Options(FakeTokenizer tokenizer) => StoreExamples.Options(Vocabulary) with { TokenizerHash = tokenizer.ContentHash };

    private void Capture(TemporaryFolder folder, FakeTokenizer tokenizer, DistributionCaptureOptions options, DistributionStoreOptions? storeOptions = null)
    {
        using var store = DistributionStoreWriter.Open(folder.FullPath, storeOptions ?? Options(tokenizer));
        new DistributionCapture(_device, _model, tokenizer, options).Run(Documents, store);
        store.Complete();
    }

    /// <summary>One forward pass over the whole document, top 10 by sorting.</summary>
    private DocumentDistributions Expected(Document document, FakeTokenizer tokenizer)
    {
        var encoding = tokenizer.Encode(document.Text);
        var (ids, logs, golds) = (new List<int>(), new List<float>(), new float[encoding.Count]);
        if (encoding.Count > 0)
        {
            using var tape = new Tape(_device, recordGradients: false);
            var hidden = _model.Forward(tape, TokenBatch.FromLengths(encoding.Ids, [encoding.Count])).Value;
            _model.BatchSizes.RemoveAt(_model.BatchSizes.Count - 1);
            for (var i = 0; i < encoding.Count; i++)
            {
                var all = NaiveHeadDevice.LogProbabilities(hidden, _model.HeadWeight.Value, i);
                var best = Enumerable.Range(0, Vocabulary).OrderByDescending(id => all[id]).Take(10).ToArray();
                ids.AddRange(best);
                logs.AddRange(best.Select(id => (float)all[id]));
                golds[i] = i + 1 < encoding.Count ? (float)all[encoding.Ids[i + 1]] : 0;
            }
        }

        var starts = Enumerable.Range(0, encoding.Count + 1).Select(i => 10 * i).ToArray();
        return new(document.Id, encoding.Ids, Array.ConvertAll(encoding.Spans, span => span.End), new(starts, [.. ids], [.. logs]), golds);
    }

    private sealed class Listener(Action<RunEvent> action) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => action(value);
    }
}
