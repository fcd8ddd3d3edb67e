namespace Transfuse.Training;

/// <summary>
/// An endless sequence of batches in which any can be had by its number, so that training can go on from any step. <see cref="Get"/> is called
/// by one thread at a time, not always the same; <see cref="Return"/> may come from another meanwhile.
/// </summary>
public interface IBatchSource
{
    /// <summary>Batch <paramref name="index"/>; the same for the same index, always.</summary>
    TrainingBatch Get(long index);

    /// <summary>Takes back a batch that is not used any more; its arrays may serve for another.</summary>
    void Return(TrainingBatch batch)
    {
    }
}
