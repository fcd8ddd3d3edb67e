using System.Runtime.InteropServices;

namespace Transfuse.LibTorch;

/// <summary>
/// PyTorch's own autocast to bfloat16 on this thread until disposed: what <c>torch.autocast('cpu')</c> switches. TorchSharp does not offer it, so the
/// C++ functions behind it are called by their mangled names.
/// </summary>
internal sealed partial class Autocast : IDisposable
{
    private const sbyte Cpu = 0;

    internal Autocast() => SetEnabled(Cpu, enabled: true);

    public void Dispose()
    {
        SetEnabled(Cpu, enabled: false);
        ClearCache();
    }

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb")]
    private static partial void SetEnabled(sbyte device, [MarshalAs(UnmanagedType.U1)] bool enabled);

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at8autocast11clear_cacheEv")]
    private static partial void ClearCache();
}
