using System.Text.Json.Nodes;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Tests.Commands;

public sealed class DoctorVerbTests
{
    [Fact]
    public void Json_has_the_machine_and_every_check()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("doctor", "--json", "--threads", "1");
        Assert.Equal(0, code);
        Assert.Empty(error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal("transfuse.doctor/1", (string?)json["schema"]);
        Assert.True((bool)json["healthy"]!);
        Assert.Equal(1, (int)json["threads"]!);
        Assert.True((long)json["memory_bytes"]! > 0);
        string[] names = ["kernel tier", "temporary folder", "disk", "garbage collector", "sdk-docs", "kernels"];
        Assert.Equal(names, json["checks"]!.AsArray().Select(check => (string)check!["name"]!));
    }

    [Fact]
    public void An_impossible_tier_is_a_fault()
    {
        using var tool = new ToolRunner { Variables = { ["TRANSFUSE_KERNEL_TIER"] = "1024" } };
        var (code, output, _) = tool.Run("doctor");
        Assert.Equal(5, code);
        Assert.Contains("✗ kernel tier: TRANSFUSE_KERNEL_TIER=1024 is no kernel tier", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lower_tier_is_tested_as_asked()
    {
        using var tool = new ToolRunner { Variables = { ["TRANSFUSE_KERNEL_TIER"] = "scalar" } };
        var (code, output, _) = tool.Run("doctor", "-q");
        Assert.Equal(0, code);
        Assert.Equal($"ok{Environment.NewLine}", output);
    }

    [Fact]
    public void Kernels_of_every_precision_are_tested()
    {
        using var tool = new ToolRunner();
        var line = tool.Run("doctor").Output.Split('\n').Single(text => text.Contains("kernels:", StringComparison.Ordinal));
        Assert.Equal(KernelTiers.Best == KernelTier.Vector512BFloat16, line.Contains("bfloat16 products", StringComparison.Ordinal));
        Assert.Equal(KernelTiers.HasIntegerProducts, line.Contains("integer products", StringComparison.Ordinal));
    }

    [Fact]
    public void An_interrupt_ends_with_130_and_a_termination_with_143()
    {
        foreach (var expected in new[] { 130, 143 })
        {
            using var tool = new ToolRunner();
            tool.Termination.Signal(expected);
            Assert.Equal(expected, tool.Run("doctor").Code);
        }
    }
}
