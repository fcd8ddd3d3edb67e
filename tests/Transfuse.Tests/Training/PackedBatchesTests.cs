using Transfuse.Tensors.Devices;
using Transfuse.Training;

namespace Transfuse.Tests.Training;

public sealed class PackedBatchesTests
{
    [Fact]
    public void Every_epoch_reads_every_row_once()
    {
        var documents = Documents(5, 3, 9, 1, 2);
        var batches = new PackedBatches(documents, seed: 3, batchTokens: 4, block: 3);

        // 4 + 2 + 8 + 0 + 1 = 15 rows; four epochs are 60 rows, 15 batches of 4.
        Assert.Equal(15, batches.RowsPerEpoch);
        var read = Enumerable.Range(0, 15).SelectMany(i => batches.Get(i).Tokens.Ids).ToList();
        for (var epoch = 0; epoch < 4; epoch++)
        {
            var expected = documents.SelectMany(document => document.Ids.SkipLast(1)).Order();
            Assert.Equal(expected, read.Skip(epoch * 15).Take(15).Order());
        }
    }

    [Fact]
    public void Epochs_differ_in_order()
    {
        var batches = new PackedBatches(Documents(9, 8, 7, 6, 5, 4, 3), seed: 1, batchTokens: 35, block: 100);

        Assert.NotEqual(batches.Get(0).Tokens.Ids, batches.Get(1).Tokens.Ids);
    }

    [Fact]
    public void Labels_are_the_next_tokens_of_the_same_document_also_across_cuts()
    {
        var documents = Documents(12, 7, 30);
        var next = documents.SelectMany(document => document.Ids.Zip(document.Ids.Skip(1))).ToDictionary(pair => pair.First, pair => pair.Second);
        var batches = new PackedBatches(documents, seed: 5, batchTokens: 10, block: 4);

        for (var i = 0; i < 20; i++)
        {
            var batch = batches.Get(i);
            Assert.All(batch.Tokens.Ids.Zip(batch.Labels), pair => Assert.Equal(next[pair.First], pair.Second));
        }
    }

    [Fact]
    public void Pieces_are_no_longer_than_a_block_and_cover_the_batch()
    {
        var batches = new PackedBatches(Documents(50, 3, 20), seed: 5, batchTokens: 16, block: 6);

        for (var i = 0; i < 12; i++)
        {
            var segments = batches.Get(i).Tokens.Segments;
            Assert.All(segments, segment => Assert.InRange(segment.QueryCount, 1, 6));
            Assert.Equal(16, segments.Sum(segment => segment.QueryCount));
        }
    }

    [Fact]
    public void A_batch_is_the_same_whichever_came_before()
    {
        var documents = Documents(40, 33, 21, 8);
        var once = new PackedBatches(documents, seed: 9, batchTokens: 17, block: 8);
        var again = new PackedBatches(documents, seed: 9, batchTokens: 17, block: 8);

        var forward = Enumerable.Range(0, 30).Select(i => once.Get(i).Tokens.Ids).ToList();
        for (var i = 29; i >= 0; i--)
        {
            Assert.Equal(forward[i], again.Get(i).Tokens.Ids);
        }
    }

    [Fact]
    public void The_teacher_rows_follow_their_tokens()
    {
        // Token t has the teacher {t: 0.5, t + 1: 0.25}, rest 0.25; document 1 has none.
        var documents = Documents(9, 6, 14).Select((document, i) => i == 1 ? document : document with { Teacher = TeacherOf(document) }).ToList();
        var untaught = documents[1].Ids.ToHashSet();
        var batches = new PackedBatches(documents, seed: 2, batchTokens: 11, block: 5);

        for (var i = 0; i < 10; i++)
        {
            var batch = batches.Get(i);
            var teacher = batch.Teacher!;
            for (var row = 0; row < batch.Tokens.Count; row++)
            {
                var token = batch.Tokens.Ids[row];
                var entries = teacher.RowStarts.Span[row]..teacher.RowStarts.Span[row + 1];
                if (untaught.Contains(token))
                {
                    Assert.Equal(0, teacher.Weights.Span[row]);
                    Assert.Equal(0, teacher.Ids.Span[entries].Length);
                }
                else
                {
                    Assert.Equal([token, token + 1], teacher.Ids.Span[entries].ToArray());
                    Assert.Equal([0.5f, 0.25f], teacher.Probabilities.Span[entries].ToArray());
                    Assert.Equal(0.25f, teacher.RestMass.Span[row]);
                    Assert.Equal(1, teacher.Weights.Span[row]);
                }
            }
        }
    }

    [Fact]
    public void Nothing_to_predict_is_refused() =>
        Assert.Throws<ArgumentException>(() => new PackedBatches(Documents(1, 1), seed: 1, batchTokens: 4, block: 4));

    /// <summary>Documents of the given lengths whose tokens are all different.</summary>
    private static List<TrainingDocument> Documents(params int[] lengths)
    {
        var next = 0;
        return [.. lengths.Select(length => new TrainingDocument([.. Enumerable.Range(0, length).Select(_ => next++)]))];
    }

    private static SparseTargets TeacherOf(TrainingDocument document)
    {
        var rows = document.Rows;
        return new SparseTargets
        {
            RowStarts = Enumerable.Range(0, rows + 1).Select(row => 2 * row).ToArray(),
            Ids = document.Ids.Take(rows).SelectMany(id => new[] { id, id + 1 }).ToArray(),
            Probabilities = Enumerable.Range(0, rows).SelectMany(_ => new[] { 0.5f, 0.25f }).ToArray(),
            RestMass = Enumerable.Repeat(0.25f, rows).ToArray(),
            Weights = Enumerable.Repeat(1f, rows).ToArray(),
        };
    }
}
