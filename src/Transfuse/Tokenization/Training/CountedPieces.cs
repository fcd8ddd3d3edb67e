using Transfuse.Diagnostics;
using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.PreTokenizers;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Training;

/// <summary>The distinct pieces of a corpus, in order of first occurrence, and how often each occurs.</summary>
internal sealed class CountedPieces
{
    private const int TextsBetweenReports = 1024;
    private readonly BytesTable _pieces = new(1 << 14);
    private readonly List<long> _counts = [];

    /// <summary>Number of distinct pieces.</summary>
    public int Count => _counts.Count;

    /// <summary>How often each occurs.</summary>
    public IReadOnlyList<long> Counts => _counts;

    /// <summary>The UTF-8 bytes of a piece.</summary>
    public ReadOnlySpan<byte> this[int index] => _pieces.Key(index);

    /// <summary>Cuts texts into pieces and counts them.</summary>
    public static CountedPieces Of(
        IEnumerable<string> texts, Normalizer? normalizer, PreTokenizer preTokenizer, IProgress<RunEvent>? progress, CancellationToken cancellationToken)
    {
        var counted = new CountedPieces();
        var pieces = new PieceList();
        var (done, bytes) = (0L, 0L);
        foreach (var text in texts)
        {
            if (++done % TextsBetweenReports == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new ProgressEvent("count pieces", bytes, 0, "bytes", $"{counted.Count} distinct pieces"));
            }

            var slice = new AlignedText(Utf8.Bytes(text)).All;
            bytes += slice.Length;
            pieces.Reset(normalizer?.Apply(slice) ?? slice);
            preTokenizer.Apply(pieces);
            foreach (var piece in pieces.Pieces)
            {
                counted.Add(pieces.Text.Bytes.AsSpan(piece.Start, piece.End - piece.Start));
            }
        }

        return counted;
    }

    private void Add(ReadOnlySpan<byte> piece)
    {
        var index = _pieces.GetOrAdd(piece);
        if (index == _counts.Count)
        {
            _counts.Add(0);
        }

        _counts[index]++;
    }
}
