namespace Transfuse.Recipes;

/// <summary>Where a corpus comes from.</summary>
public enum CorpusKind
{
    /// <summary>The English API documentation that comes with every .NET SDK.</summary>
    SdkDocs,

    /// <summary>Files of the user: text, Markdown or JSON lines.</summary>
    Files,
}
