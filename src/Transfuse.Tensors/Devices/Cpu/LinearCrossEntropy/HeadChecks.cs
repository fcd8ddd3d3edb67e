namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Refuses arguments that would read or write outside their memory.</summary>
internal static class HeadChecks
{
    internal static void Length(int found, long expected, string name)
    {
        if (found != expected)
        {
            throw new ArgumentException($"{name} has {found} elements, expected {expected}.", name);
        }
    }

    internal static void Ids(ReadOnlySpan<int> ids, int vocabulary, int lowest, string name)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] < lowest || ids[i] >= vocabulary)
            {
                throw new ArgumentException($"{name}[{i}] is {ids[i]}, expected {lowest} to {vocabulary - 1}.", name);
            }
        }
    }
}
