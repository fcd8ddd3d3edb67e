namespace Transfuse.Tensors.Tests;

public sealed class ShapeTests
{
    [Theory]
    [InlineData(new[] { 5 }, 5, 1, 5, "[5]")]
    [InlineData(new[] { 2, 3 }, 6, 2, 3, "[2, 3]")]
    [InlineData(new[] { 2, 3, 4 }, 24, 6, 4, "[2, 3, 4]")]
    [InlineData(new[] { 2, 3, 4, 5 }, 120, 24, 5, "[2, 3, 4, 5]")]
    [InlineData(new[] { 3, 0 }, 0, 0, 0, "[3, 0]")]
    [InlineData(new[] { 0, 3 }, 0, 0, 3, "[0, 3]")]
    [InlineData(new int[0], 1, 1, 1, "[1]")]
    public void Derived_sizes_follow_from_the_dimensions(int[] dimensions, long length, int rows, int columns, string text)
    {
        var shape = Shape.FromDimensions(dimensions);
        Assert.Equal((length, rows, columns, text), (shape.Length, shape.Rows, shape.Columns, shape.ToString()));
        Assert.Equal(Math.Max(1, dimensions.Length), shape.Rank);
        for (var axis = 0; axis < dimensions.Length; axis++)
        {
            Assert.Equal(dimensions[axis], shape[axis]);
        }
    }

    [Fact]
    public void Shapes_are_equal_by_rank_and_dimensions()
    {
        Assert.Equal(new Shape(2, 3), Shape.FromDimensions([2, 3]));
        Assert.NotEqual(new Shape(2, 3), new Shape(3, 2));
        Assert.NotEqual(new Shape(2), new Shape(2, 1));
    }

    [Fact]
    public void Impossible_shapes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shape(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shape(1, 1, 1, -1));
        Assert.Throws<ArgumentException>(() => Shape.FromDimensions([1, 2, 3, 4, 5]));
        Assert.Throws<OverflowException>(() => new Shape(int.MaxValue, int.MaxValue, int.MaxValue).Length);
        Assert.Throws<OverflowException>(() => new Shape(int.MaxValue, int.MaxValue, 1).Rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shape(2, 3)[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shape(2, 3)[-1]);
    }

    [Fact]
    public void More_than_two_to_the_31_elements_are_counted() => Assert.Equal(1L << 40, new Shape(1 << 20, 1 << 20).Length);
}
