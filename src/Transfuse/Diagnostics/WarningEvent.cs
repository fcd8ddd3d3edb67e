namespace Transfuse.Diagnostics;

/// <summary>Something that works but is probably not what was meant.</summary>
/// <param name="Message">One or two whole sentences for the user.</param>
public sealed record WarningEvent(string Message) : RunEvent;
