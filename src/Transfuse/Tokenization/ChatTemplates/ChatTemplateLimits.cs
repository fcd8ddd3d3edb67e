namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>How much a template, which is a program of unknown origin, may do.</summary>
public sealed record ChatTemplateLimits
{
    /// <summary>Most steps of one rendering; a step is about one operation or sixteen characters or items. 20 million take some seconds.</summary>
    public long Steps { get; init; } = 20_000_000;

    /// <summary>Most characters of a text, or items of a list, at any time.</summary>
    public int Length { get; init; } = 1 << 25;

    /// <summary>Most calls inside one another.</summary>
    public int Depth { get; init; } = 200;
}
