using System.Runtime.InteropServices;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Memory;

/// <summary>
/// Memory from the system and back. Linux's C library keeps freed blocks of up to 32 MB to itself once it has seen one of that size, and they
/// stay in the process; so there large blocks come straight from the kernel.
/// </summary>
internal static unsafe partial class SystemMemory
{
    private const nuint Alignment = 64;
    private const nuint FromKernel = 1 << 20;
    private const int HugePages = 14;
    private const int ReadAndWrite = 1 | 2, PrivateAndAnonymous = 2 | 0x20;

    /// <summary>Memory with undefined content, 64-byte aligned.</summary>
    /// <exception cref="ResourceLimitException">The system has no more.</exception>
    internal static void* Allocate(nuint sizeInBytes)
    {
        if (IsFromKernel(sizeInBytes))
        {
            var address = Map(0, sizeInBytes, ReadAndWrite, PrivateAndAnonymous, -1, 0);
            if (address == -1)
            {
                throw Refused(sizeInBytes);
            }

            // Fewer pages to look up; where the system does not do it, nothing is lost.
            _ = Advise(address, sizeInBytes, HugePages);
            return (void*)address;
        }

        try
        {
            return NativeMemory.AlignedAlloc(sizeInBytes, Alignment);
        }
        catch (OutOfMemoryException)
        {
            throw Refused(sizeInBytes);
        }
    }

    /// <summary>Gives back what <see cref="Allocate"/> gave; null is let pass.</summary>
    internal static void Free(void* pointer, nuint sizeInBytes)
    {
        if (pointer == null || !IsFromKernel(sizeInBytes))
        {
            NativeMemory.AlignedFree(pointer);
        }
        else
        {
            _ = Unmap((nint)pointer, sizeInBytes);
        }
    }

    private static ResourceLimitException Refused(nuint sizeInBytes) =>
        new((long)sizeInBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "One tensor");

    private static bool IsFromKernel(nuint sizeInBytes) => OperatingSystem.IsLinux() && sizeInBytes >= FromKernel;

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
