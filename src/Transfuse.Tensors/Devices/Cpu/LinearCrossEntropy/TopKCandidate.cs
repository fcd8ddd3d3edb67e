namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>An id and its logit, in the order of the result: larger logits first, equal ones by id.</summary>
internal readonly record struct TopKCandidate(float Logit, int Id) : IComparable<TopKCandidate>
{
    public int CompareTo(TopKCandidate other) => Logit == other.Logit ? Id.CompareTo(other.Id) : other.Logit.CompareTo(Logit);
}
