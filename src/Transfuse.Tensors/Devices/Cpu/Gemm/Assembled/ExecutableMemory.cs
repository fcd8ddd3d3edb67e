using System.Runtime.InteropServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;

/// <summary>
/// Memory that code was written into. It is writable first and executable afterwards, never both: hardened systems demand that.
/// </summary>
internal sealed unsafe partial class ExecutableMemory : IDisposable
{
    private const int ProtectRead = 1, ProtectWrite = 2, ProtectExecute = 4;
    private const int MapPrivate = 2, MapAnonymousLinux = 0x20, MapAnonymousMac = 0x1000;
    private const uint WindowsCommitAndReserve = 0x3000, WindowsRelease = 0x8000, WindowsReadWrite = 0x04, WindowsExecuteRead = 0x20;
    private readonly nuint _length;
    private nint _address;

    private ExecutableMemory(nint address, nuint length)
    {
        _address = address;
        _length = length;
    }

    /// <summary>Address of the first byte of the code.</summary>
    internal byte* Code => (byte*)_address;

    /// <summary>Copies <paramref name="code"/> to where it can run; null where the system refuses, with its reason.</summary>
    internal static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code, out string? refusal)
    {
        var length = (nuint)code.Length;
        var address = Reserve(length);
        if (address == 0)
        {
            refusal = $"no memory for {code.Length} bytes of code (error {Marshal.GetLastPInvokeError()})";
            return null;
        }

        var memory = new ExecutableMemory(address, length);
        code.CopyTo(new Span<byte>((void*)address, code.Length));
        if (memory.Seal())
        {
            refusal = null;
            return memory;
        }

        refusal = $"the system does not let memory become executable (error {Marshal.GetLastPInvokeError()})";
        memory.Dispose();
        return null;
    }

    /// <summary>Gives the memory back; no code in it may be running.</summary>
    public void Dispose()
    {
        if (_address == 0)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            VirtualFree(_address, 0, WindowsRelease);
        }
        else
        {
            Unmap(_address, _length);
        }

        _address = 0;
    }

    private static nint Reserve(nuint length)
    {
        if (OperatingSystem.IsWindows())
        {
            return VirtualAlloc(0, length, WindowsCommitAndReserve, WindowsReadWrite);
        }

        var flags = MapPrivate | (OperatingSystem.IsMacOS() ? MapAnonymousMac : MapAnonymousLinux);
        var address = Map(0, length, ProtectRead | ProtectWrite, flags, -1, 0);
        return address == -1 ? 0 : address;
    }

    private bool Seal() => OperatingSystem.IsWindows()
        ? VirtualProtect(_address, _length, WindowsExecuteRead, out _)
        : Protect(_address, _length, ProtectRead | ProtectExecute) == 0;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nint VirtualAlloc(nint address, nuint length, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualProtect(nint address, nuint length, uint protection, out uint previous);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualFree(nint address, nuint length, uint type);
}
