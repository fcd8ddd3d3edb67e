using Transfuse.Fusion;

namespace Transfuse.Tests.Fusion;

public sealed class FusedTargetsTests
{
    private static readonly FusedTargets Targets = new([0, 2, 2, 3, 5], [4, 1, 7, 2, 3], [.5f, .2f, 1f, .3f, .3f], [.3f, 0, 0, .4f], [1, 0, 1, 1]);

    [Fact]
    public void A_slice_has_the_rows_it_names()
    {
        var slice = Targets.Slice(1, 2);
        Assert.Equal([0, 0, 1], slice.Starts);
        Assert.Equal([7], slice.Ids);
        Assert.Equal([1f], slice.Probabilities);
        Assert.Equal([0f, 0f], slice.RestMass);
        Assert.Equal([0f, 1f], slice.Weights);
        Assert.Equal(0, Targets.Slice(4, 0).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => Targets.Slice(3, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Targets.Slice(-1, 1));
    }

    [Fact]
    public void Slices_laid_end_to_end_give_the_whole_back()
    {
        for (var cut = 0; cut <= Targets.Count; cut++)
        {
            var whole = FusedTargets.Concatenate([Targets.Slice(0, cut), Targets.Slice(cut, Targets.Count - cut)]);
            Assert.Equal(Targets.Starts, whole.Starts);
            Assert.Equal(Targets.Ids, whole.Ids);
            Assert.Equal(Targets.Probabilities, whole.Probabilities);
            Assert.Equal(Targets.RestMass, whole.RestMass);
            Assert.Equal(Targets.Weights, whole.Weights);
        }

        Assert.Equal([0], FusedTargets.Concatenate([]).Starts);
    }

    [Fact]
    public void The_loss_sees_the_same_rows()
    {
        var sparse = Targets.ToSparseTargets();
        Assert.Equal(Targets.Starts, sparse.RowStarts.ToArray());
        Assert.Equal(Targets.Ids, sparse.Ids.ToArray());
        Assert.Equal(Targets.Probabilities, sparse.Probabilities.ToArray());
        Assert.Equal(Targets.RestMass, sparse.RestMass.ToArray());
        Assert.Equal(Targets.Weights, sparse.Weights.ToArray());
    }
}
