namespace Transfuse.Corpora;

/// <summary>What a document is used for.</summary>
public enum CorpusPart
{
    /// <summary>Training.</summary>
    Train,

    /// <summary>Choices made during training.</summary>
    Validation,

    /// <summary>The final measurement.</summary>
    Test,
}
