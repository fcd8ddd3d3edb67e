using System.CommandLine;
using System.Text;
using Transfuse.Cli.Output;
using Transfuse.Errors;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Cli.Hosting;

/// <summary>What a verb works with.</summary>
/// <param name="Arguments">The command line, without errors.</param>
/// <param name="Settings">What the options of every verb say.</param>
/// <param name="Environment">Console, clock, variables.</param>
/// <param name="Output">Where results, notes and progress go.</param>
internal sealed record ToolContext(ParseResult Arguments, GlobalSettings Settings, ToolEnvironment Environment, ToolOutput Output)
{
    /// <summary>The device that models run on; the caller disposes it. Where it falls back to another precision the user is told why.</summary>
    /// <param name="precision">Precision where the command line names none.</param>
    internal CpuDevice CreateDevice(PrecisionMode precision = PrecisionMode.Float32)
    {
        var products = (Settings.Precision ?? precision) switch
        {
            PrecisionMode.Bfloat16 => ProductPrecision.BFloat16,
            PrecisionMode.Int8 => ProductPrecision.Int8,
            PrecisionMode.Auto when KernelTiers.PrefersBFloat16 => ProductPrecision.BFloat16,
            _ => ProductPrecision.Float32,
        };
        var device = new CpuDevice(threads: Settings.Threads, memoryLimitInBytes: MemoryLimit, precision: products);
        if (device.PrecisionNote is { } note)
        {
            Output.Note($"Computing in {(device.Precision == ProductPrecision.Float32 ? "float32" : "bfloat16")}: {note}.");
        }

        return device;
    }

    /// <summary>Bytes that models and batches may take: what the user says, or what the machine or its container has.</summary>
    internal long MemoryLimit => Settings.MemoryLimit ?? Math.Max(1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>The absolute form of a path the user gave.</summary>
    internal string Resolve(string path) => Path.GetFullPath(path, Settings.Folder);

    /// <summary>The path of a model that the user named by a path or by its name on the hub; see <see cref="ModelLocation"/>.</summary>
    internal string ResolveModel(string model, CancellationToken cancellation) => ModelLocation.Find(this, model, cancellation);

    /// <summary>Reads a whole text file that the user named.</summary>
    /// <exception cref="InputException">It is missing or unreadable.</exception>
    internal string ReadText(string path) => Read(path, File.ReadAllText);

    /// <summary>Reads a text file whose bytes are counted: nothing is left out or replaced, not even a byte order mark.</summary>
    /// <exception cref="InputException">It is missing, unreadable, or no UTF-8.</exception>
    internal string ReadExactText(string path)
    {
        var bytes = Read(path, File.ReadAllBytes);
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new InputException(path, $"is no UTF-8 text (byte {exception.Index}). Convert it to UTF-8.", exception);
        }
    }

    private T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(Resolve(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var problem = exception is FileNotFoundException or DirectoryNotFoundException
                ? $"no such file. Paths start from {Settings.Folder} (change it with -C DIR)."
                : $"cannot be read: {exception.Message}";
            throw new InputException(path, problem, exception);
        }
    }
}
