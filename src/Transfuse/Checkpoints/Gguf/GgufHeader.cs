using Transfuse.Errors;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>
/// The head of a GGUF file, version 2 or 3: magic, version, counts, keys, tensor descriptions; the data follow at the next multiple of
/// <c>general.alignment</c>. Everything is checked against the length of the file before it is believed.
/// </summary>
/// <param name="Version">2 or 3; both have the same layout.</param>
/// <param name="Metadata">Keys.</param>
/// <param name="Entries">Tensors in the order of the file.</param>
internal sealed record GgufHeader(uint Version, GgufMetadata Metadata, IReadOnlyList<GgufEntry> Entries)
{
    /// <summary>Alignment of tensors where the file does not say it.</summary>
    internal const int DefaultAlignment = 32;

    /// <summary>Key of the alignment.</summary>
    internal const string AlignmentKey = "general.alignment";

    /// <summary>"GGUF" as a little-endian number.</summary>
    internal const uint Magic = 0x46554747;

    /// <summary>Longest name of a tensor.</summary>
    internal const int MaximumNameBytes = 63;

    /// <summary>Most dimensions of a tensor.</summary>
    internal const int MaximumDimensions = 4;

    private const int MaximumKeyBytes = 65535;
    private const int LargestAlignment = 1 << 20;
    private const long LargestDimension = 1L << 40;

    // Least bytes of a key (length, type, value) and of a tensor description (length, dimensions, one dimension, type, offset).
    private const int LeastKeyBytes = 13;
    private const int LeastTensorBytes = 32;

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="ModelFormatException">The file does not hold what the format promises.</exception>
    internal static GgufHeader Read(GgufInput input)
    {
        if (input.Length < 24 || input.Read<uint>() != Magic)
        {
            throw new ModelFormatException(input.Path, "does not begin with \"GGUF\"; it is no GGUF file, or an empty one. Fetch it again.");
        }

        var version = input.Read<uint>();
        if (version is not (2 or 3))
        {
            throw new ModelFormatException(
                input.Path, version > 0xFFFF
                    ? "is a GGUF file for big-endian machines, which is not supported; fetch the little-endian one."
                    : $"is of GGUF version {version}; versions 2 and 3 are supported. Convert it with a current llama.cpp, or fetch a newer file.");
        }

        var tensors = input.Count("tensors", LeastTensorBytes);
        var metadata = ReadMetadata(input, input.Count("keys", LeastKeyBytes));
        var infos = new List<(string Name, DType Type, long[] Dimensions, long Offset, long Bytes)>();
        for (var i = 0; i < tensors; i++)
        {
            infos.Add(ReadTensor(input));
        }

        var alignment = metadata.Int32(AlignmentKey, 1, LargestAlignment) ?? DefaultAlignment;
        if (!int.IsPow2(alignment))
        {
            throw metadata.Wrong(AlignmentKey, "a power of two");
        }

        var dataStart = (input.Position + alignment - 1) / alignment * alignment;
        CheckLayout(input, infos, alignment, dataStart);
        return new GgufHeader(
            version, metadata, [.. infos.Select(info => new GgufEntry(info.Name, info.Type, info.Dimensions, dataStart + info.Offset, info.Bytes))]);
    }

    private static GgufMetadata ReadMetadata(GgufInput input, int count)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var key = input.Text("a key", MaximumKeyBytes, isName: true);
            if (!values.TryAdd(key, ReadValue(input, key, input.Read<uint>())))
            {
                throw new ModelFormatException(input.Path, $"has the key '{key}' twice. The file was altered; fetch it again.");
            }
        }

        return new GgufMetadata(values, input.Path);
    }

    private static object ReadValue(GgufInput input, string key, uint type) => type switch
    {
        0 => input.Read<byte>(),
        1 => input.Read<sbyte>(),
        2 => input.Read<ushort>(),
        3 => input.Read<short>(),
        4 => input.Read<uint>(),
        5 => input.Read<int>(),
        6 => input.Read<float>(),
        7 => input.Read<byte>() != 0,
        8 => input.Text($"the value of '{key}'"),
        9 => ReadList(input, key, input.Read<uint>()),
        10 => input.Read<ulong>(),
        11 => input.Read<long>(),
        12 => input.Read<double>(),
        _ => throw new ModelFormatException(input.Path, $"key '{key}' is of type {type} at position {input.Position:N0}, expected 0 to 12. The file is damaged; fetch it again."),
    };

    private static object ReadList(GgufInput input, string key, uint type)
    {
        int Length(int size) => input.Count($"elements of '{key}'", size);
        return type switch
        {
            0 => input.ReadList<byte>(Length(1)),
            1 => input.ReadList<sbyte>(Length(1)),
            2 => input.ReadList<ushort>(Length(2)),
            3 => input.ReadList<short>(Length(2)),
            4 => input.ReadList<uint>(Length(4)),
            5 => input.ReadList<int>(Length(4)),
            6 => input.ReadList<float>(Length(4)),
            7 => Array.ConvertAll(input.ReadList<byte>(Length(1)), value => value != 0),
            8 => ReadTexts(input, key, Length(sizeof(ulong))),
            10 => input.ReadList<ulong>(Length(8)),
            11 => input.ReadList<long>(Length(8)),
            12 => input.ReadList<double>(Length(8)),
            _ => throw new ModelFormatException(
                input.Path, $"key '{key}' is a list of elements of type {type} at position {input.Position:N0}, expected 0 to 12 and no list of lists."),
        };
    }

    private static string[] ReadTexts(GgufInput input, string key, int count)
    {
        var what = $"an element of '{key}'";
        var texts = new string[count];
        for (var i = 0; i < count; i++)
        {
            texts[i] = input.Text(what);
        }

        return texts;
    }

    private static (string Name, DType Type, long[] Dimensions, long Offset, long Bytes) ReadTensor(GgufInput input)
    {
        var name = input.Text("a tensor's name", MaximumNameBytes, isName: true);
        var rank = input.Read<uint>();
        if (rank is 0 or > MaximumDimensions)
        {
            throw new ModelFormatException(input.Path, $"tensor '{name}' has {rank} dimensions, expected 1 to {MaximumDimensions}.");
        }

        var dimensions = new long[rank];
        var elements = (Int128)1;
        for (var i = (int)rank - 1; i >= 0; i--)
        {
            var size = input.Read<ulong>();
            if (size > LargestDimension || (elements *= (Int128)size) > long.MaxValue / 8)
            {
                throw new ModelFormatException(input.Path, $"tensor '{name}' has a dimension of {size:N0}, so many elements that no file holds them. The file is damaged; fetch it again.");
            }

            dimensions[i] = (long)size;
        }

        var id = input.Read<uint>();
        var type = GgufTypes.FromId(id)
            ?? throw new ModelFormatException(input.Path, $"tensor '{name}' is of GGUF type {id}, which is not supported; supported: {GgufTypes.Names}.");
        if (dimensions[^1] % type.BlockElements() != 0)
        {
            throw new ModelFormatException(input.Path, $"tensor '{name}' has rows of {dimensions[^1]} elements, which are no whole number of {type} blocks of {type.BlockElements()}.");
        }

        var offset = input.Read<ulong>();
        return offset <= long.MaxValue / 4
            ? (name, type, dimensions, (long)offset, type.ByteCount((long)elements))
            : throw new ModelFormatException(input.Path, $"tensor '{name}' begins at offset {offset:N0}, behind the end of the file. The file is damaged; fetch it again.");
    }

    private static void CheckLayout(
        GgufInput input, List<(string Name, DType Type, long[] Dimensions, long Offset, long Bytes)> infos, int alignment, long dataStart)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, _, _, offset, bytes) in infos)
        {
            if (!names.Add(name))
            {
                throw new ModelFormatException(input.Path, $"has the tensor '{name}' twice. The file was altered; fetch it again.");
            }

            if (offset % alignment != 0)
            {
                throw new ModelFormatException(input.Path, $"tensor '{name}' begins at offset {offset}, which is no multiple of the file's alignment of {alignment}.");
            }

            if (bytes > input.Length - dataStart - offset)
            {
                throw new ModelFormatException(
                    input.Path, $"tensor '{name}' ends {offset + bytes - (input.Length - dataStart):N0} bytes behind the end of the file. It is cut off; fetch it again.");
            }
        }

        var (end, last) = (0L, "");
        foreach (var (name, _, _, offset, bytes) in infos.OrderBy(info => info.Offset).ThenBy(info => info.Bytes))
        {
            if (offset < end)
            {
                throw new ModelFormatException(input.Path, $"tensors '{last}' and '{name}' overlap at offset {offset:N0}. The header was altered; fetch the file again.");
            }

            (end, last) = (offset + bytes, name);
        }
    }
}
