using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>Billions of something a second, in the mean time of a call.</summary>
/// <param name="name">What the column is called.</param>
/// <param name="amount">How much a call does.</param>
internal sealed class RateColumn(string name, Func<(double Operations, double Bytes), double> amount) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public string Legend => $"{name} in the mean time of a call";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } statistics)
        {
            return "";
        }

        using var benchmark = (KernelBenchmark)Activator.CreateInstance(benchmarkCase.Descriptor.Type)!;
        foreach (var parameter in benchmarkCase.Parameters.Items)
        {
            benchmarkCase.Descriptor.Type.GetProperty(parameter.Name)!.SetValue(benchmark, parameter.Value);
        }

        var rate = amount(benchmark.Work) / statistics.Mean;
        return rate == 0 ? "" : rate.ToString("F1", CultureInfo.InvariantCulture);
    }
}
