using System.Buffers.Binary;
using System.Text;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.HostileFiles;

/// <summary>Damages files as disks, networks and attackers do; the same seed does the same damage.</summary>
internal sealed class FileDamage(long seed, string name)
{
    private static readonly string[] HostileNumbers =
        ["-1", "0", "1", "65536", "2147483647", "2147483648", "4294967296", "1099511627776", "9223372036854775807", "18446744073709551616", "1e308", "1e999", "0.5", "\"7\"", "null", "[]"];

    private static readonly ulong[] HostileWords = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1UL << 40, long.MaxValue, ulong.MaxValue];
    private readonly RandomStream _random = new(seed, name);

    /// <summary>A damaged copy: one to three injuries.</summary>
    internal byte[] Apply(byte[] file)
    {
        byte[] damaged = [.. file];
        for (var injuries = 1 + _random.NextInt32(3); injuries > 0 && damaged.Length > 0; injuries--)
        {
            damaged = Injure(damaged);
        }

        return damaged;
    }

    private byte[] Injure(byte[] file)
    {
        var (start, end) = Slice(file.Length);
        switch (_random.NextInt32(8))
        {
            case 0:
                return file[..start];
            case 1:
                file[start] ^= (byte)(1 << _random.NextInt32(8));
                return file;
            case 2:
                file[start] = (byte)_random.NextInt32(256);
                return file;
            case 3:
                return OverwriteWord(file, start);
            case 4:
                return [.. file[..start], .. file[end..]];
            case 5:
                return [.. file[..end], .. file[start..]];
            default:
                return ReplaceNumber(file, start);
        }
    }

    private byte[] OverwriteWord(byte[] file, int start)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(word, HostileWords[_random.NextInt32(HostileWords.Length)]);
        word[..Math.Min(word.Length, file.Length - start)].CopyTo(file.AsSpan(start));
        return file;
    }

    // The next decimal number of a text becomes another one, or what is no number.
    private byte[] ReplaceNumber(byte[] file, int start)
    {
        while (start < file.Length && !char.IsAsciiDigit((char)file[start]))
        {
            start++;
        }

        var end = start;
        while (end < file.Length && char.IsAsciiDigit((char)file[end]))
        {
            end++;
        }

        return [.. file[..start], .. Encoding.ASCII.GetBytes(HostileNumbers[_random.NextInt32(HostileNumbers.Length)]), .. file[end..]];
    }

    private (int Start, int End) Slice(int length)
    {
        // Headers lie at the beginning: half of the injuries hit the first 256 bytes.
        var start = _random.NextInt32(2) == 0 ? _random.NextInt32(Math.Min(length, 256)) : _random.NextInt32(length);
        return (start, Math.Min(length, start + 1 + _random.NextInt32(32)));
    }
}
