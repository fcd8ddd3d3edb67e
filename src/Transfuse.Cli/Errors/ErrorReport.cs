namespace Transfuse.Cli.Errors;

/// <summary>An error as it is shown: what, where, what to do.</summary>
/// <param name="ExitCode">What the process answers.</param>
/// <param name="Kind">Stable word for scripts: <c>usage</c>, <c>recipe</c>, <c>input</c> …</param>
/// <param name="What">What is wrong; may have several lines.</param>
/// <param name="Where">The file or folder, or null where the message says it or there is none.</param>
/// <param name="Advice">What to do, or null.</param>
internal sealed record ErrorReport(int ExitCode, string Kind, string What, string? Where, string? Advice);
