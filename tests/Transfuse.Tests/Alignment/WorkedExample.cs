using System.Globalization;
using Transfuse.Alignment;
using Transfuse.Distributions;

namespace Transfuse.Tests.Alignment;

/// <summary>Two small vocabularies, a text in both, and the source's candidates, written as strings.</summary>
internal sealed class WorkedExample
{
    private const double Tolerance = 5e-5;
    private readonly string[] _targetTokens;
    private readonly string[] _sourceTokens;
    private readonly (string Piece, double Probability)[][] _rows;

    internal WorkedExample(string targetVocabulary, string sourceVocabulary, string targetText, string sourceText, string[] rows)
        : this(targetVocabulary.Split(' '), sourceVocabulary.Split(' '), targetText.Split(' '), sourceText.Split(' '), [.. rows.Select(Parse)])
    {
    }

    internal WorkedExample(
        string[] targetVocabulary, string[] sourceVocabulary, string[] targetText, string[] sourceText, (string Piece, double Probability)[][] rows)
    {
        Target = Vocabulary(targetVocabulary, PieceVocabulary.SentencePieceMarker, 0, 1, 2);
        var end = Array.IndexOf(sourceVocabulary, "<|endoftext|>");
        Source = Vocabulary(sourceVocabulary, PieceVocabulary.ByteLevelMarker, end, end, end);
        (_targetTokens, _sourceTokens, _rows) = (targetText, sourceText, rows);
    }

    internal PieceVocabulary Target { get; }

    internal PieceVocabulary Source { get; }

    internal int[] TargetIds => [.. _targetTokens.Select(Target.IdOf)];

    internal int[] SourceIds => [.. _sourceTokens.Select(Source.IdOf)];

    internal AlignedDocument Exact()
    {
        var map = ExactMap.Build(Source, Target, mapSpecials: false);
        return Align(AlignmentOptions.FuseLlmExact, new FuseLlmAligner(Source, Target, map), map);
    }

    internal AlignedDocument MinEdit(AlignmentOptions options)
    {
        var map = MinEditMap.Build(Source, Target, options.MapSpecials);
        return Align(options, new FuseLlmAligner(Source, Target, map), map);
    }

    internal AlignedDocument FuseChat(FuseChatMatch match = FuseChatMatch.SuffixOfSeveral)
    {
        var map = Statistics().Build();
        return Align(AlignmentOptions.FuseChat, new FuseChatAligner(Source, Target, match), map);
    }

    internal AlignedDocument Boundary()
    {
        var map = MinEditMap.Build(Source, Target);
        return Align(new AlignmentOptions(), new BoundaryAligner(), map);
    }

    internal StatisticsMapBuilder Statistics()
    {
        var builder = new StatisticsMapBuilder(Source, Target);
        builder.Add(SourceIds, TargetIds);
        return builder;
    }

    /// <summary>Checks every position: pieces in order, probabilities to four digits.</summary>
    internal void Expect(AlignedDocument actual, params string[] positions) =>
        Expect(actual, [.. positions.Select(row => row.Length == 0 ? [] : Parse(row))], Tolerance);

    internal void Expect(AlignedDocument actual, (string Piece, double Probability)[][] positions, double tolerance)
    {
        Assert.Equal(positions.Length, actual.Count);
        for (var i = 0; i < positions.Length; i++)
        {
            Assert.Equal(
                string.Join(' ', positions[i].Select(entry => entry.Piece)),
                string.Join(' ', actual.IdsAt(i).ToArray().Select(Target.Piece)));
            for (var k = 0; k < positions[i].Length; k++)
            {
                Assert.Equal(positions[i][k].Probability, actual.ProbabilitiesAt(i)[k], tolerance);
            }
        }
    }

    private AlignedDocument Align(AlignmentOptions options, SequenceAligner sequence, VocabularyMap map)
    {
        var starts = new int[_rows.Length + 1];
        for (var i = 0; i < _rows.Length; i++)
        {
            starts[i + 1] = starts[i] + _rows[i].Length;
        }

        var entries = _rows.SelectMany(row => row).ToArray();
        var next = new SparseDistributions(
            starts, [.. entries.Select(entry => Source.IdOf(entry.Piece))], [.. entries.Select(entry => (float)Math.Log(entry.Probability))]);
        return new DocumentAligner(options, sequence, map).Align(
            new DocumentDistributions("example", SourceIds, Ends(_sourceTokens), next, new float[_sourceTokens.Length]),
            new TokenSequence(TargetIds, Ends(_targetTokens)));
    }

    /// <summary>Ends in the text without spaces, which both vocabularies spell alike.</summary>
    private static int[] Ends(string[] tokens)
    {
        var end = 0;
        return [.. tokens.Select(token => end += token.TrimStart('▁', 'Ġ').Length)];
    }

    private static PieceVocabulary Vocabulary(string[] pieces, string marker, int unknown, int bos, int eos) =>
        new(marker, pieces, [.. pieces.Select(piece => piece.Replace(marker, " ", StringComparison.Ordinal).TrimStart(marker is "▁" ? ' ' : '\0'))], marker)
        {
            UnknownId = unknown,
            BosId = bos,
            EosId = eos,
        };

    private static (string Piece, double Probability)[] Parse(string row) =>
        [.. row.Split(", ").Select(entry => entry.Split(' ')).Select(parts => (parts[0], double.Parse(parts[1], CultureInfo.InvariantCulture)))];
}
