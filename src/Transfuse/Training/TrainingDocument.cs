using Transfuse.Tensors.Devices;

namespace Transfuse.Training;

/// <summary>A tokenised document to learn from: row i reads token i and predicts token i + 1.</summary>
/// <param name="Ids">Tokens with what begins (BOS) and ends (EOS) a text; the last one is predicted, never read.</param>
/// <param name="Teacher">A teacher's distribution for each row, <c>Ids.Length − 1</c> rows, or null.</param>
public sealed record TrainingDocument(int[] Ids, SparseTargets? Teacher = null)
{
    /// <summary>Number of tokens read.</summary>
    public int Rows => Math.Max(0, Ids.Length - 1);
}
