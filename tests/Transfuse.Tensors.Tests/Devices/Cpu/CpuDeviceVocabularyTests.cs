using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceVocabularyTests
{
    private const int Vocabulary = 37;

    public static TheoryData<KernelTier> Tiers => KernelCase.Tiers;

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Embedding_and_its_gradient_equal_the_reference(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var (rows, columns) in KernelCase.Shapes)
        {
            var ids = Ids(rows);
            float[] table = KernelCase.Normal(Vocabulary * columns, "table"), dy = KernelCase.Normal(rows * columns, "dy");
            using Tensor tTable = device.ToTensor(table, Vocabulary, columns), y = device.Allocate(new Shape(rows, columns));
            using Tensor tDy = device.ToTensor(dy, rows, columns);
            device.Embed(ids, tTable, 1.5f, y);
            double[] expected = [.. Enumerable.Range(0, rows * columns).Select(i => 1.5 * table[(ids[i / columns] * columns) + (i % columns)])];
            TensorAssert.Close(expected, y.AsSpan(), 0, 1e-7, "y");

            double[] gradient = [.. table.Select(value => (double)value)];
            for (var i = 0; i < dy.Length; i++)
            {
                gradient[(ids[i / columns] * columns) + (i % columns)] += 1.5 * dy[i];
            }

            device.EmbedBackward(ids, 1.5f, tDy, tTable);
            TensorAssert.Close(gradient, tTable.AsSpan(), 2e-6 * Math.Sqrt(rows), 2e-6, "dTable");
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Threads_do_not_change_a_bit(KernelTier tier) => KernelCase.SameBitsForAnyThreads(tier, device =>
    {
        using Tensor dy = device.ToTensor(KernelCase.Normal(2000 * 300, "dy"), 2000, 300), dTable = device.AllocateZeroed(new Shape(Vocabulary, 300));
        device.EmbedBackward(Ids(2000), 0.7f, dy, dTable);
        return dTable.AsSpan().ToArray();
    });

    [Fact]
    public void Warm_calls_allocate_nothing()
    {
        using var device = new CpuDevice(threads: 2);
        var ids = Ids(500);
        using Tensor table = device.AllocateZeroed(new Shape(Vocabulary, 300)), y = device.Allocate(new Shape(500, 300));
        KernelCase.AllocatesNothing(() =>
        {
            device.Embed(ids, table, 1, y);
            device.EmbedBackward(ids, 1, y, table);
        });
    }

    [Fact]
    public void No_ids_are_no_work()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor table = device.ToTensor([1f, 2, 3, 4], 2, 2), none = device.Allocate(new Shape(0, 2));
        device.Embed(ReadOnlyMemory<int>.Empty, table, 1, none);
        device.EmbedBackward(ReadOnlyMemory<int>.Empty, 1, none, table);
        Assert.Equal([1f, 2, 3, 4], table.AsSpan());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(Vocabulary)]
    public void An_id_outside_the_table_is_refused_by_its_position(int id)
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor table = device.AllocateZeroed(new Shape(Vocabulary, 2)), y = device.Allocate(new Shape(3, 2));
        Assert.Contains("row 2", Assert.Throws<ArgumentOutOfRangeException>(() => device.Embed(new[] { 0, 1, id }, table, 1, y)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.EmbedBackward(new[] { 0, 1, id }, 1, y, table));
        Assert.Throws<ShapeMismatchException>(() => device.Embed(new[] { 0, 1 }, table, 1, y));
    }

    private static int[] Ids(int count)
    {
        var random = new RandomStream(5, "ids");
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt32(Vocabulary))];
    }
}
