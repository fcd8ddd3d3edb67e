namespace Transfuse.Corpora;

/// <summary>Where the texts of a corpus come from.</summary>
public enum CorpusSourceKind
{
    /// <summary>Text files and JSON lines named by paths or patterns.</summary>
    Files,

    /// <summary>The English documentation in the reference packs of a .NET SDK.</summary>
    SdkDocs,
}
