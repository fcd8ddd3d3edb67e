namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>A second operand that was packed whole, slab after slab, for products with any number of rows.</summary>
/// <param name="Data">First slab; owned by someone else. Null in a rehearsal, where nothing is read.</param>
internal readonly record struct PackedColumns(nint Data);
