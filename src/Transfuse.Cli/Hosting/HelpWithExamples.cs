using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Transfuse.Cli.Hosting;

/// <summary>The library's help page, with the verb's examples (or the exit codes) below it.</summary>
internal sealed class HelpWithExamples(HelpAction page) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        page.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
        {
            output.WriteLine(verb.Examples.Count == 1 ? "Example:" : "Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
        }
        else if (parseResult.CommandResult.Command is RootCommand)
        {
            output.WriteLine("Exit codes:");
            output.WriteLine("  0 done, 1 unexpected error, 2 usage, 3 recipe invalid, 4 input missing or corrupt,");
            output.WriteLine("  5 a check did not hold, 6 would not fit, 130/143 interrupted after saving");
            output.WriteLine();
        }

        return 0;
    }
}
