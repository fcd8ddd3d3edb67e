using Transfuse.Alignment;

namespace Transfuse.Fusion;

/// <summary>One target position as a fusion function sees it. Source s of n is entry s of each span.</summary>
public readonly ref struct FusionPosition
{
    /// <summary>Creates the view.</summary>
    /// <param name="index">Target position.</param>
    /// <param name="documents">Per source, the document's aligned distributions.</param>
    /// <param name="speaks">Per source, whether it has a distribution here.</param>
    /// <param name="crossEntropies">Per source, its cross entropy around this position.</param>
    public FusionPosition(
        int index, ReadOnlySpan<AlignedDocument> documents, ReadOnlySpan<bool> speaks, ReadOnlySpan<double> crossEntropies)
    {
        Index = index;
        Documents = documents;
        Speaks = speaks;
        CrossEntropies = crossEntropies;
    }

    /// <summary>Target position.</summary>
    public int Index { get; }

    /// <summary>Per source, the document's aligned distributions; row <see cref="Index"/> is this position's.</summary>
    public ReadOnlySpan<AlignedDocument> Documents { get; }

    /// <summary>Per source, whether it has a distribution here. At least one has.</summary>
    public ReadOnlySpan<bool> Speaks { get; }

    /// <summary>Per source, its cross entropy around this position (nats per byte or token, see <see cref="CrossEntropyOptions"/>).</summary>
    public ReadOnlySpan<double> CrossEntropies { get; }
}
