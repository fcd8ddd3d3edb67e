using Transfuse.Cli.Hosting;

using var signals = new TerminationSignals();
return await CommandLineTool.RunAsync(args, ToolEnvironment.OfProcess(signals)).ConfigureAwait(false);
