using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Tests;

public sealed class TensorTests
{
    [Fact]
    public void Views_share_memory_that_goes_back_with_the_last_of_them()
    {
        using var pool = new MemoryPool();
        var tensor = Filled(pool, new Shape(2, 3));
        var rows = tensor.SliceRows(1, 1);
        var flat = tensor.Reshape(new Shape(6));
        flat.AsSpan()[4] = 40;
        Assert.Equal([3f, 40, 5], rows.AsSpan());
        Assert.Equal(new Shape(1, 3), rows.Shape);
        tensor.Dispose();
        flat.Dispose();
        Assert.Equal([3f, 40, 5], rows.AsSpan());
        Assert.NotEqual(0, pool.UsedBytes);
        rows.Dispose();
        Assert.Equal(0, pool.UsedBytes);
    }

    [Fact]
    public void Elements_lie_row_by_row()
    {
        using var pool = new MemoryPool();
        using var tensor = Filled(pool, new Shape(2, 2, 3));
        Assert.Equal((12L, 4, 3), (tensor.Length, tensor.Rows, tensor.Columns));
        Assert.Equal([9f, 10, 11], tensor.Row(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Row(4).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Row(-1).Length);
    }

    [Fact]
    public void Fill_and_copy_reach_every_element()
    {
        using var pool = new MemoryPool();
        using Tensor tensor = Filled(pool, new Shape(3, 5)), copy = Tensor.Allocate(pool, new Shape(15));
        copy.CopyFrom(tensor);
        Assert.Equal(tensor.AsSpan(), copy.AsSpan());
        copy.Fill(2.5f);
        Assert.Equal(-1, copy.AsSpan().IndexOfAnyExcept(2.5f));
        using var empty = Tensor.Allocate(pool, new Shape(0, 4));
        empty.Fill(1);
        Assert.True(empty.AsSpan().IsEmpty);
    }

    [Fact]
    public void Misfits_are_refused()
    {
        using var pool = new MemoryPool();
        using Tensor tensor = Filled(pool, new Shape(2, 3)), other = Filled(pool, new Shape(7));
        Assert.Equal("Reshape", Assert.Throws<ShapeMismatchException>(() => tensor.Reshape(new Shape(7))).Operation);
        Assert.Throws<ShapeMismatchException>(() => tensor.CopyFrom(other));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.SliceRows(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.SliceRows(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.SliceRows(2, int.MaxValue));
    }

    [Fact]
    public void A_disposed_tensor_says_so()
    {
        using var pool = new MemoryPool();
        var tensor = Filled(pool, new Shape(2, 3));
        tensor.Dispose();
        tensor.Dispose();
        Assert.True(tensor.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => tensor.AsSpan().Length);
        Assert.Throws<ObjectDisposedException>(() => tensor.Row(0).Length);
        Assert.Throws<ObjectDisposedException>(() => tensor.Reshape(new Shape(6)));
        Assert.Throws<ObjectDisposedException>(() => tensor.SliceRows(0, 1));
    }

    [Fact]
    public void A_shape_beyond_memory_is_refused_before_anything_is_allocated()
    {
        using var pool = new MemoryPool();
        Assert.ThrowsAny<Exception>(() => Tensor.Allocate(pool, new Shape(int.MaxValue, int.MaxValue, 2)));
        Assert.Throws<ResourceLimitException>(() => Tensor.Allocate(pool, new Shape(int.MaxValue, int.MaxValue / 4)));
        Assert.Equal(0, pool.ReservedBytes);
    }

    private static Tensor Filled(MemoryPool pool, Shape shape)
    {
        var tensor = Tensor.Allocate(pool, shape);
        for (var i = 0; i < tensor.Length; i++)
        {
            tensor.AsSpan()[i] = i;
        }

        return tensor;
    }
}
