namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>A type or member with its documentation as plain text.</summary>
/// <param name="TypeName">Full name of the type, or of the type that declares the member.</param>
/// <param name="Paragraphs">One text per element (summary, parameter, return value, exception …), white space folded, none empty.</param>
internal sealed record DocumentedMember(string TypeName, IReadOnlyList<string> Paragraphs);
