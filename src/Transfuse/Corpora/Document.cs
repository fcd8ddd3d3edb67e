namespace Transfuse.Corpora;

/// <summary>One text of a corpus.</summary>
/// <param name="Id">Stable name within the corpus, for example <c>file.jsonl:17</c>.</param>
/// <param name="Domain">Part of the corpus it belongs to; empty where a corpus has no parts.</param>
/// <param name="Text">The text.</param>
public sealed record Document(string Id, string Domain, string Text);
