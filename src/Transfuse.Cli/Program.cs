using Transfuse.Cli.Hosting;

using var signals = new TerminationSignals(Environment.Exit);
return await CommandLineTool.RunAsync(args, ToolEnvironment.OfProcess(signals)).ConfigureAwait(false);
