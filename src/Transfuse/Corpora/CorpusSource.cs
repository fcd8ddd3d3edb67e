namespace Transfuse.Corpora;

/// <summary>What to read as a corpus.</summary>
public sealed record CorpusSource
{
    /// <summary>Kind of source.</summary>
    public CorpusSourceKind Kind { get; init; }

    /// <summary>
    /// Files: paths and patterns (<c>**</c> any folders, <c>*</c> any characters of a name, <c>?</c> one); a folder stands for all files
    /// below it. SDK documentation: places to look for a .NET installation, in order of preference.
    /// </summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Files: folder that relative paths and document ids start from; null for the current one.</summary>
    public string? BaseFolder { get; init; }

    /// <summary>Files: member of each JSON line that holds the text.</summary>
    public string TextField { get; init; } = "text";

    /// <summary>Files: whether a plain text file holds several documents, separated by blank lines. JSON lines are not affected.</summary>
    public bool SplitAtBlankLines { get; init; }

    /// <summary>Files: domain that every document gets. SDK documentation has its own domains.</summary>
    public string Domain { get; init; } = "";

    /// <summary>SDK documentation: domains to read; empty for all.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>Most documents to read; null for all.</summary>
    public long? Limit { get; init; }
}
