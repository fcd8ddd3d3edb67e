namespace Transfuse.Diagnostics;

/// <summary>Something a run has to tell: the terminal, <c>metrics.jsonl</c> and the dashboard are listeners.</summary>
public abstract record RunEvent;
