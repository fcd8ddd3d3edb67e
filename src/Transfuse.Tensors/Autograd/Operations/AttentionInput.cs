using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>Queries, keys or values: a variable and where their heads lie in it.</summary>
/// <param name="Variable">Rows of tokens.</param>
/// <param name="Layout">Where the heads lie.</param>
/// <param name="Heads">Number of heads.</param>
internal readonly record struct AttentionInput(Variable Variable, HeadLayout Layout, int Heads)
{
    /// <summary>Whether both lie in the same variable and share some of its columns.</summary>
    internal bool Overlaps(in AttentionInput other, int headSize)
    {
        for (var head = 0; Variable == other.Variable && head < Heads; head++)
        {
            var start = Layout.Offset + (head * Layout.Stride);
            for (var otherHead = 0; otherHead < other.Heads; otherHead++)
            {
                var otherStart = other.Layout.Offset + (otherHead * other.Layout.Stride);
                if (start < otherStart + headSize && otherStart < start + headSize)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
