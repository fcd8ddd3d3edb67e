using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Cli.Diagnosis;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Commands;

/// <summary><c>doctor</c>: says what the machine offers and whether the tool works on it.</summary>
internal sealed class DoctorVerb : Verb
{
    internal DoctorVerb()
        : base(
            "doctor",
            "Shows what this machine offers and tests that the kernels compute right on it.",
            "transfuse doctor",
            "transfuse doctor --json > doctor.json")
    {
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var facts = MachineFacts.Collect(context.Settings.Folder);
        var forcedTier = context.Environment.Variable(KernelTiers.EnvironmentVariable);
        var tier = HealthChecks.KernelTier(forcedTier);
        var checks = new List<HealthCheck>
        {
            tier,
            HealthChecks.TemporaryFolder(facts.TemporaryFolder),
            HealthChecks.Disk(facts.FreeDiskBytes),
            HealthChecks.GarbageCollection(facts.IsServerGarbageCollection),
            HealthChecks.SdkDocumentation(context.Environment.Variable),
        };
        if (tier.State != HealthState.Fault)
        {
            checks.Add(KernelSelfTest.Run(KernelTiers.Parse(forcedTier), context.Settings.Threads, context.Environment.Time, cancellation));
        }

        var isFaulty = checks.Any(check => check.State == HealthState.Fault);
        context.Output.Result(
            "transfuse.doctor/1",
            () => ToJson(context, facts, checks, !isFaulty),
            () => Write(context, facts, checks),
            quiet: isFaulty ? "fault" : "ok");
        return isFaulty ? ExitCodes.CheckFailed : ExitCodes.Done;
    }

    private static int ThreadsOf(ToolContext context, MachineFacts facts) => context.Settings.Threads == 0 ? facts.Cores : context.Settings.Threads;

    private static void Write(ToolContext context, MachineFacts facts, List<HealthCheck> checks)
    {
        var output = context.Output;
        output.Line($"transfuse {CommandLineTool.Version}");
        output.Line($"  system     {facts.OperatingSystem}");
        output.Line($"  runtime    {facts.Runtime}");
        output.Line($"  processor  {facts.Processor}, {facts.Cores.ToString(CultureInfo.InvariantCulture)} cores, {ThreadsOf(context, facts)} threads");
        output.Line($"  features   {string.Join(' ', facts.Features)}");
        output.Line($"  tiers      {string.Join(", ", KernelTiers.Available.Select(KernelTiers.ToName))}");
        output.Line($"  memory     {ProgressText.Bytes(facts.MemoryBytes)}");
        output.Line($"  temp       {facts.TemporaryFolder}");
        foreach (var check in checks)
        {
            var mark = check.State == HealthState.Warning ? "!" : output.Mark(check.State == HealthState.Good);
            output.Line($"{mark} {check.Name}: {check.Message}");
        }
    }

    private static JsonObject ToJson(ToolContext context, MachineFacts facts, List<HealthCheck> checks, bool isHealthy) => new()
    {
        ["healthy"] = isHealthy,
        ["version"] = CommandLineTool.Version,
        ["system"] = facts.OperatingSystem,
        ["runtime"] = facts.Runtime,
        ["processor"] = facts.Processor,
        ["cores"] = facts.Cores,
        ["threads"] = ThreadsOf(context, facts),
        ["features"] = new JsonArray([.. facts.Features.Select(feature => (JsonNode)feature)]),
        ["kernel_tiers"] = new JsonArray([.. KernelTiers.Available.Select(tier => (JsonNode)KernelTiers.ToName(tier))]),
        ["memory_bytes"] = facts.MemoryBytes,
        ["temporary_folder"] = facts.TemporaryFolder,
        ["free_disk_bytes"] = facts.FreeDiskBytes,
        ["server_garbage_collection"] = facts.IsServerGarbageCollection,
        ["checks"] = new JsonArray([.. checks.Select(check => (JsonNode)new JsonObject
        {
            ["name"] = check.Name,
            ["state"] = check.State.ToString().ToLowerInvariant(),
            ["message"] = check.Message,
        })]),
    };
}
