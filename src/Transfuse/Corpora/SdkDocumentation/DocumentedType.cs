namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>A type with the text of its documentation: its own line first, then one line a member.</summary>
/// <param name="Name">Full name.</param>
/// <param name="Lines">The lines.</param>
internal sealed record DocumentedType(string Name, IReadOnlyList<string> Lines);
