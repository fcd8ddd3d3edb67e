namespace Transfuse.Checkpoints.Safetensors;

/// <summary>Sizes of the element types.</summary>
internal static class SafetensorsTypes
{
    /// <summary>Bytes of one element; also its alignment.</summary>
    internal static int SizeInBytes(this SafetensorsType type) => type switch
    {
        SafetensorsType.I64 or SafetensorsType.U64 or SafetensorsType.F64 => 8,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 4,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        _ => 1,
    };

    /// <summary>Whether elements can be read as float32.</summary>
    internal static bool IsReal(this SafetensorsType type) =>
        type is SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F32 or SafetensorsType.F64;
}
