using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Alignment;

[Trait("Category", "Reference")]
public sealed class FuseLlmGoldenTests(ITestOutputHelper output)
{
    [GoldenFact(AlignmentGolden.Area)]
    public void Aligned_candidates_are_those_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("map_note"))
        {
            var (positions, markers) = (0, document.GetProperty("markers"));
            foreach (var item in document.Items("cases"))
            {
                var (source, target, soft) = Vocabularies(item, markers);
                Compare(item, "hard", AlignmentOptions.FuseLlmExact, source, target, ExactMap.Build(source, target, mapSpecials: false));
                Compare(item, "soft", AlignmentOptions.FuseLlmMinEdit, source, target, soft);
                positions += item.Ints("base_ids").Length;
            }

            output.WriteLine($"{Path.GetFileName(folder)}: {positions} positions, EM and MinED: ids and order exact, probabilities to 1e-6");
        }
    }

    private static void Compare(
        JsonElement item, string member, AlignmentOptions options, PieceVocabulary source, PieceVocabulary target, VocabularyMap map)
    {
        var rows = item.Items("source_topk_ids").Zip(item.Items("source_topk_logits")).ToArray();
        var aligned = new DocumentAligner(options, new FuseLlmAligner(source, target, map), map).Align(
            AlignmentGoldenRows.Document(item.Ints("source_ids"), rows.Select(row => (row.First.Ints(), row.Second.Floats()))),
            AlignmentGoldenRows.Sequence(item.Ints("base_ids")));
        var expected = item.GetProperty(member);
        AlignmentGoldenRows.Compare(expected.GetProperty("ids"), expected.GetProperty("logits"), aligned, item.Text("text"));
    }

    /// <summary>
    /// Vocabularies of the pieces that the case lists, at their own ids; keys of its map that no listed piece gives stand behind them.
    /// </summary>
    private static (PieceVocabulary Source, PieceVocabulary Target, VocabularyMap Soft) Vocabularies(JsonElement item, JsonElement markers)
    {
        var (sourceMarker, targetMarker) = (markers.Text(item.Text("source")), markers.Text(item.Text("base")));
        var targetPieces = new Dictionary<int, string>();
        foreach (var piece in item.GetProperty("base_vocab_of_the_pieces_met").EnumerateObject())
        {
            targetPieces[piece.Value.GetInt32()] = piece.Name;
        }

        foreach (var (id, piece) in item.Ints("base_ids").Zip(item.Strings("base_pieces")))
        {
            targetPieces[id] = piece;
        }

        var sourcePieces = new Dictionary<int, string>();
        var ids = item.Ints("source_ids").Concat(item.Items("source_topk_ids").SelectMany(row => row.Ints()));
        var pieces = item.Strings("source_pieces").Concat(item.Items("source_topk_pieces").SelectMany(row => row.EnumerateArray().Select(p => p.GetString()!)));
        foreach (var (id, piece) in ids.Zip(pieces))
        {
            sourcePieces[id] = piece;
        }

        var map = item.GetProperty("map_of_the_pieces_met");
        var known = sourcePieces.Values.Select(piece => piece.Replace(sourceMarker, targetMarker, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        foreach (var key in map.EnumerateObject().Where(entry => !known.Contains(entry.Name)))
        {
            sourcePieces[sourcePieces.Keys.Max() + 1] = key.Name;
        }

        var source = Vocabulary(sourcePieces, sourceMarker);
        var target = Vocabulary(targetPieces, targetMarker);
        var targetOf = Enumerable.Range(0, source.Size)
            .Select(id => source.PieceWith(id, targetMarker) is { } piece && map.TryGetProperty(piece, out var image) ? target.IdOf(image.GetString()!) : -1)
            .ToArray();
        return (source, target, VocabularyMap.OneToOne(VocabularyMapKind.MinEdit, "source", "base", target.Size, targetOf));
    }

    private static PieceVocabulary Vocabulary(Dictionary<int, string> pieces, string marker)
    {
        var list = new string?[pieces.Keys.Max() + 1];
        foreach (var (id, piece) in pieces)
        {
            list[id] = piece;
        }

        return new PieceVocabulary("", list, list, marker);
    }
}
