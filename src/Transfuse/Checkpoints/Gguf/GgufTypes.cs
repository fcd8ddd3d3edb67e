using Transfuse.Tensors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>The numbers that GGUF gives to element types, and to whole files by their main type.</summary>
internal static class GgufTypes
{
    private static readonly (DType Type, uint Id, uint FileType)[] Known =
    [
        (DType.F32, 0, 0), (DType.F16, 1, 1), (DType.Q4_0, 2, 2), (DType.Q4_1, 3, 3), (DType.Q5_0, 6, 8), (DType.Q5_1, 7, 9), (DType.Q8_0, 8, 7),
        (DType.Q2_K, 10, 10), (DType.Q3_K, 11, 12), (DType.Q4_K, 12, 15), (DType.Q5_K, 13, 17), (DType.Q6_K, 14, 18), (DType.BF16, 30, 32),
    ];

    /// <summary>Types that can be read, for messages.</summary>
    internal static string Names => string.Join(", ", Known.Select(known => known.Type));

    /// <summary>The type of a number; null for one that is not known.</summary>
    internal static DType? FromId(uint id)
    {
        foreach (var known in Known)
        {
            if (known.Id == id)
            {
                return known.Type;
            }
        }

        return null;
    }

    /// <summary>The number of a type.</summary>
    internal static uint ToId(DType type) => Array.Find(Known, known => known.Type == type).Id;

    /// <summary>The value of <c>general.file_type</c> for a file whose matrices are of a type.</summary>
    internal static uint ToFileType(DType type) => Array.Find(Known, known => known.Type == type).FileType;
}
