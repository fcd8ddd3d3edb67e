using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>Five iterations in this process, since a device takes its tier as an argument, with allocations and rates beside the times.</summary>
internal sealed class KernelConfig : ManualConfig
{
    public KernelConfig()
    {
        AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(2).WithIterationCount(5));
        AddDiagnoser(MemoryDiagnoser.Default);
        AddColumn(new RateColumn("GFLOP/s", static work => work.Operations), new RateColumn("GB/s", static work => work.Bytes));
        HideColumns(Column.Error, Column.StdDev, Column.Median, Column.Gen0);
    }
}
