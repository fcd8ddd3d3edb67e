using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tensors.Tests.Devices;

public sealed class KernelTiersTests
{
    [Theory]
    [InlineData(KernelTier.Scalar, "scalar")]
    [InlineData(KernelTier.Vector128, "128")]
    [InlineData(KernelTier.Vector256, "256")]
    [InlineData(KernelTier.Vector512, "512")]
    [InlineData(KernelTier.Vector512BFloat16, "512+bf16")]
    public void Names_are_read_as_they_are_written(KernelTier tier, string name)
    {
        Assert.Equal(name, KernelTiers.ToName(tier));
        if (tier <= KernelTiers.Best)
        {
            Assert.Equal(tier, KernelTiers.Parse(name));
        }
        else
        {
            Assert.Contains(KernelTiers.ToName(KernelTiers.Best), Assert.Throws<ArgumentException>(() => KernelTiers.Parse(name)).Message);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void No_name_means_the_best(string? name) => Assert.Equal(KernelTiers.Best, KernelTiers.Parse(name));

    [Theory]
    [InlineData("avx2")]
    [InlineData("512 ")]
    [InlineData("Scalar")]
    public void Other_names_are_refused_with_the_choices(string name)
    {
        var message = Assert.Throws<ArgumentException>(() => KernelTiers.Parse(name)).Message;
        Assert.Contains($"={name} ", message, StringComparison.Ordinal);
        Assert.Contains("scalar, 128, 256, 512 or 512+bf16", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Available_tiers_ascend_from_scalar_to_the_best()
    {
        var available = KernelTiers.Available;
        Assert.Equal(KernelTier.Scalar, available[0]);
        Assert.Equal(KernelTiers.Best, available[^1]);
        Assert.Equal(available.Order(), available);
    }

    [Fact]
    public void A_device_says_what_it_runs_on()
    {
        using var device = new CpuDevice(KernelTier.Scalar, threads: 3);
        Assert.Equal((KernelTier.Scalar, 3, "cpu (scalar, 3 threads)"), (device.Tier, device.Threads, device.Name));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuDevice(threads: -1));
    }
}
