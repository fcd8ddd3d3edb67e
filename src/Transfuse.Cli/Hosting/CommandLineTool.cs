using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using Transfuse.Cli.Commands;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Output;
using Transfuse.Errors;

namespace Transfuse.Cli.Hosting;

/// <summary>The tool: verbs, options, and what surrounds every command.</summary>
internal static class CommandLineTool
{
    private const int HelpWidth = 100;

    /// <summary>The tool's version.</summary>
    internal static string Version { get; } =
        typeof(CommandLineTool).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Parses and runs a command line.</summary>
    /// <returns>The exit code, one of <see cref="ExitCodes"/>.</returns>
    internal static async Task<int> RunAsync(string[] arguments, ToolEnvironment environment)
    {
        var root = Create(environment, out var options);
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is System.CommandLine.Invocation.ParseErrorAction)
        {
            var settings = options.Read(parsed, environment);
            return ErrorPresenter.PresentUsage(parsed, new ToolOutput(environment, settings));
        }

        var configuration = new InvocationConfiguration
        {
            Output = environment.Output,
            Error = environment.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(configuration, environment.Termination.Token).ConfigureAwait(false);
    }

    /// <summary>The root command with every verb.</summary>
    internal static RootCommand Create(ToolEnvironment environment, out GlobalOptions options)
    {
        var root = new RootCommand("Fuses, distils, extends and merges language models, and measures what arrived.") { HelpName = "transfuse" };
        options = new GlobalOptions(root);
        foreach (var verb in Verbs.All())
        {
            AddVerb(root, verb, options, environment);
        }

        SetUpHelp(root);
        SetUpVersion(root);
        return root;
    }

    private static void AddVerb(RootCommand root, Verb verb, GlobalOptions options, ToolEnvironment environment)
    {
        verb.SetAction((parsed, cancellation) =>
        {
            var settings = options.Read(parsed, environment);
            var context = new ToolContext(parsed, settings, environment, new ToolOutput(environment, settings));
            return Task.Run(() => RunVerb(verb, context, cancellation), CancellationToken.None);
        });
        root.Add(verb);
    }

    private static int RunVerb(Verb verb, ToolContext context, CancellationToken cancellation)
    {
        try
        {
            if (!Directory.Exists(context.Settings.Folder))
            {
                throw new InputException(context.Settings.Folder, "no such folder (given with -C).");
            }

            return verb.Run(context, cancellation);
        }
#pragma warning disable CA1031 // the one place where exceptions end
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return ErrorPresenter.Present(exception, context);
        }
    }

    private static void SetUpHelp(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        var page = (HelpAction)help.Action!;
        page.MaxWidth = HelpWidth;
        var action = new HelpWithExamples(page);
        help.Action = action;
        root.SetAction(action.Invoke);
    }

    private static void SetUpVersion(RootCommand root)
    {
        var version = root.Options.OfType<VersionOption>().Single();
        version.Action = new VersionAction();
    }

    private sealed class VersionAction : System.CommandLine.Invocation.SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(Version);
            return ExitCodes.Done;
        }
    }
}
