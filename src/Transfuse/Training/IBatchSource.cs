namespace Transfuse.Training;

/// <summary>An endless sequence of batches in which any can be had by its number, so that training can go on from any step.</summary>
public interface IBatchSource
{
    /// <summary>Batch <paramref name="index"/>; the same for the same index, always.</summary>
    TrainingBatch Get(long index);
}
