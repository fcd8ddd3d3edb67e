using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Tests.Memory;

public sealed unsafe class MemoryPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(1_000_000)]
    public void Blocks_are_aligned_and_less_than_a_kilobyte_too_large(int size)
    {
        using var pool = new MemoryPool();
        var buffer = Rent(pool, size);
        Assert.Equal(0u, (nuint)buffer.Pointer % 64);
        Assert.InRange((long)buffer.SizeInBytes, size, size + 1023);
        buffer.Release();
    }

    [Fact]
    public void Peaks_are_the_largest_sizes_since_they_were_reset()
    {
        using var pool = new MemoryPool();
        var large = Tensor.Allocate(pool, new Shape(4096));
        using var small = Tensor.Allocate(pool, new Shape(1024));
        large.Dispose();
        Assert.Equal(4 * 5120, pool.PeakUsedBytes);
        Assert.Equal(4 * 5120, pool.PeakReservedBytes);
        pool.Trim();
        pool.ResetPeaks();
        Assert.Equal((4096, 4096), (pool.PeakUsedBytes, pool.PeakReservedBytes));
    }

    [Fact]
    public void A_pool_that_counts_gives_zeros_to_who_looks_and_counts_like_another()
    {
        using var real = new MemoryPool();
        using var counting = MemoryPool.ThatCounts();
        foreach (var pool in (MemoryPool[])[real, counting])
        {
            using var first = Tensor.Allocate(pool, new Shape(3, 1000));
            first.Fill(1);
            Tensor.Allocate(pool, new Shape(70_000)).Dispose();
            using var row = first.SliceRows(1, 1);
            Assert.Equal(ReferenceEquals(pool, counting) ? 0 : 1, row.AsSpan()[999]);
            row.AsSpan()[0] = 5;
            Assert.Equal(5, first.Row(1)[0]);
        }

        Assert.Equal((real.PeakReservedBytes, real.PeakUsedBytes, real.UsedBytes), (counting.PeakReservedBytes, counting.PeakUsedBytes, counting.UsedBytes));
    }

    [Fact]
    public void A_returned_block_serves_the_next_request_of_its_size()
    {
        using var pool = new MemoryPool();
        var first = Rent(pool, 10_000);
        var (pointer, reserved) = ((nint)first.Pointer, pool.ReservedBytes);
        Assert.Equal(reserved, pool.UsedBytes);
        first.Release();
        Assert.Equal(0, pool.UsedBytes);
        Assert.Equal(reserved, pool.ReservedBytes);
        var second = Rent(pool, 10_000);
        Assert.Equal(pointer, (nint)second.Pointer);
        Assert.Equal(reserved, pool.ReservedBytes);
        second.Release();
        pool.Trim();
        Assert.Equal(0, pool.ReservedBytes);
    }

    [Fact]
    public void A_free_block_is_divided_among_small_requests_and_whole_again_after_them()
    {
        using var pool = new MemoryPool();
        Rent(pool, 100 * 4096).Release();
        NativeBuffer[] parts = [Rent(pool, 30 * 4096), Rent(pool, 50 * 4096), Rent(pool, 20 * 4096)];
        for (var i = 0; i < parts.Length; i++)
        {
            new Span<byte>(parts[i].Pointer, (int)parts[i].SizeInBytes).Fill((byte)i);
        }

        Assert.All(parts, (part, i) => Assert.Equal(-1, new Span<byte>(part.Pointer, (int)part.SizeInBytes).IndexOfAnyExcept((byte)i)));
        Assert.Equal(100 * 4096, pool.ReservedBytes);
        foreach (var i in (int[])[0, 2, 1])
        {
            parts[i].Release();
        }

        Rent(pool, 100 * 4096).Release();
        Assert.Equal(100 * 4096, pool.PeakReservedBytes);
        pool.Trim();
        Assert.Equal(0, pool.ReservedBytes);
    }

    [Fact]
    public void The_smallest_block_that_fits_is_taken()
    {
        using var pool = new MemoryPool();
        NativeBuffer[] blocks = [Rent(pool, 9 * 4096), Rent(pool, 5 * 4096), Rent(pool, 7 * 4096)];
        var pointers = Array.ConvertAll(blocks, block => (nint)block.Pointer);
        Array.ForEach(blocks, block => block.Release());
        var six = Rent(pool, 6 * 4096);
        Assert.Equal(pointers[2], (nint)six.Pointer);
        six.Release();
    }

    [Fact]
    public void Free_blocks_that_are_too_small_are_exchanged_for_a_large_one()
    {
        using var pool = new MemoryPool();
        NativeBuffer[] blocks = [Rent(pool, 4 << 20), Rent(pool, 3 << 20), Rent(pool, 1 << 20)];
        Array.ForEach(blocks, block => block.Release());
        var large = Rent(pool, 6 << 20);
        Assert.Equal(7 << 20, pool.ReservedBytes);
        Assert.Equal(8 << 20, pool.PeakReservedBytes);
        large.Release();
    }

    [Fact]
    public void Free_blocks_are_kept_while_a_large_one_makes_no_more_than_there_was()
    {
        using var pool = new MemoryPool();
        Rent(pool, 9 << 20).Release();
        pool.Trim();
        NativeBuffer[] blocks = [Rent(pool, 2 << 20), Rent(pool, 1 << 20)];
        Array.ForEach(blocks, block => block.Release());
        Rent(pool, 6 << 20).Release();
        Assert.Equal(9 << 20, pool.ReservedBytes);
        Assert.Equal(9 << 20, pool.PeakReservedBytes);
    }

    [Fact]
    public void A_block_that_is_kept_takes_no_larger_one_apart()
    {
        using var pool = new MemoryPool();
        var (large, fitting) = (Rent(pool, 8 << 20), Rent(pool, 3 << 20));
        var (whole, exact) = ((nint)large.Pointer, (nint)fitting.Pointer);
        large.Release();
        fitting.Release();
        NativeBuffer[] kept = [pool.Rent(3 << 20, isKept: true), pool.Rent(3 << 20, isKept: true)];
        Array.ForEach(kept, block => block.AddUser());
        Assert.Equal(exact, (nint)kept[0].Pointer);
        Assert.NotEqual(whole, (nint)kept[1].Pointer);
        Array.ForEach(kept, block => block.Release());
    }

    [Fact]
    public void A_block_goes_back_with_its_last_user()
    {
        using var pool = new MemoryPool();
        var buffer = Rent(pool, 100);
        buffer.AddUser();
        buffer.Release();
        Assert.NotEqual(0, pool.UsedBytes);
        buffer.Release();
        Assert.Equal(0, pool.UsedBytes);
        Assert.Throws<InvalidOperationException>(buffer.Release);
    }

    [Fact]
    public void The_limit_holds_for_what_is_in_use_and_kept_blocks_make_room()
    {
        using var pool = new MemoryPool(limitInBytes: 100_000);
        var kept = Rent(pool, 65_536);
        kept.Release();

        // It does not fit into the kept block, which has to go first.
        var used = Rent(pool, 81_920);
        Assert.Equal(81_920, pool.ReservedBytes);
        var error = Assert.Throws<ResourceLimitException>(() => Rent(pool, 40_960));
        Assert.Equal((81_920 + 40_960, 100_000), (error.NeededBytes, error.AvailableBytes));
        Assert.Equal(81_920, pool.ReservedBytes);
        used.Release();
        Rent(pool, 40_960).Release();
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 45)]
    public void More_than_the_machine_has_is_refused_and_not_counted(long size)
    {
        using var pool = new MemoryPool(limitInBytes: 1L << 44);
        Assert.Throws<ResourceLimitException>(() => pool.Rent((nuint)size));
        Assert.Equal(0, pool.ReservedBytes);
        using var unlimited = new MemoryPool();
        Assert.Throws<ResourceLimitException>(() => unlimited.Rent(nuint.MaxValue / 2));
        Assert.Throws<ResourceLimitException>(() => unlimited.Rent(nuint.MaxValue));
        Assert.Equal(0, unlimited.ReservedBytes);
    }

    [Fact]
    public void Blocks_in_use_outlive_the_pool()
    {
        var pool = new MemoryPool();
        var buffer = Rent(pool, 100);
        pool.Dispose();
        pool.Dispose();
        *(byte*)buffer.Pointer = 1;
        buffer.Release();
        Assert.Equal(0, pool.ReservedBytes);
        Assert.Throws<ObjectDisposedException>(() => Rent(pool, 100));
    }

    [Fact]
    public void Many_threads_never_share_a_block()
    {
        using var pool = new MemoryPool();
        void Use(byte mark)
        {
            for (var i = 0; i < 2000; i++)
            {
                var buffer = Rent(pool, 5000 + (i % 3 * 5000));
                new Span<byte>(buffer.Pointer, 5000).Fill(mark);
                Assert.Equal(-1, new Span<byte>(buffer.Pointer, 5000).IndexOfAnyExcept(mark));
                buffer.Release();
            }
        }

        Parallel.For(1, 5, mark => Use((byte)mark));
        Assert.Equal(0, pool.UsedBytes);
    }

    private static NativeBuffer Rent(MemoryPool pool, int size)
    {
        var buffer = pool.Rent((nuint)size);
        buffer.AddUser();
        return buffer;
    }
}
