namespace Transfuse.Tensors.Memory;

/// <summary>The free blocks of a pool in order of size. Not thread safe; allocates nothing once it has grown.</summary>
internal sealed class FreeBlocks
{
    private readonly List<NativeBuffer> _blocks = [];

    /// <summary>Adds a block.</summary>
    internal void Add(NativeBuffer block)
    {
        block.IsFree = true;
        _blocks.Insert(FirstLargerThan(block.SizeInBytes), block);
    }

    /// <summary>Takes out a block that is in it.</summary>
    internal void Remove(NativeBuffer block)
    {
        var index = FirstLargerThan(block.SizeInBytes) - 1;
        while (_blocks[index] != block)
        {
            index--;
        }

        RemoveAt(index);
    }

    /// <summary>Takes the smallest block of at least this size and no more than <paramref name="most"/>, of several the one that came last, whose content the caches may still hold; null if there is none.</summary>
    internal NativeBuffer? TakeSmallest(nuint sizeInBytes, nuint most)
    {
        var fitting = FirstLargerThan(sizeInBytes - 1);
        return fitting == _blocks.Count || _blocks[fitting].SizeInBytes > most ? null : RemoveAt(FirstLargerThan(_blocks[fitting].SizeInBytes) - 1);
    }

    /// <summary>Takes the largest block that is a whole allocation; null if there is none.</summary>
    internal NativeBuffer? TakeLargestWhole()
    {
        var index = _blocks.FindLastIndex(static block => block.IsWhole);
        return index < 0 ? null : RemoveAt(index);
    }

    private NativeBuffer RemoveAt(int index)
    {
        var block = _blocks[index];
        _blocks.RemoveAt(index);
        block.IsFree = false;
        return block;
    }

    private int FirstLargerThan(nuint sizeInBytes)
    {
        var (low, high) = (0, _blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_blocks[middle].SizeInBytes > sizeInBytes)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
