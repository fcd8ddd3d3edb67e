using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

/// <summary>
/// Really trained small Llamas in the layout of llama2.c: rewritten as Hugging Face folders, loaded, and asked for the text that the page
/// beside them says llama2.c generates at temperature 0.
/// </summary>
[Trait("Category", "Reference")]
public sealed class TrainedLlamaTests : IDisposable
{
    private readonly CpuDevice _device = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [GoldenFact("../data/models")]
    public void Greedy_text_is_the_published_one()
    {
        var checkpoints = Directory.GetFiles(Path.Combine(Shared.Golden.Data, "models"), "*.v0.bin", SearchOption.AllDirectories);
        Assert.NotEmpty(checkpoints);
        foreach (var checkpoint in checkpoints)
        {
            var config = Convert(File.ReadAllBytes(checkpoint));
            var pieces = ReadTokenizer(Directory.GetFiles(Path.GetDirectoryName(checkpoint)!, "tok*.bin").Single(), config.VocabularySize);
            var expected = PublishedText(Directory.GetFiles(Path.GetDirectoryName(checkpoint)!, "*.md").Single());
            using var model = PretrainedModel.Load(_folder.FullPath, _device);
            var ids = new TextGenerator(model, _device).Generate([[1]], new GenerationOptions { MaxNewTokens = 256 }, new RandomStream(0, "none"))[0];
            var text = Encoding.UTF8.GetString([.. ids.SelectMany(id => pieces[id])]).TrimStart(' ');
            Assert.True(expected.Length > 500, "the page holds no long text");
            Assert.StartsWith(expected, text, StringComparison.Ordinal);
        }
    }

    /// <summary>Writes config.json and model.safetensors; llama2.c rotates adjacent pairs, Hugging Face the two halves of a head.</summary>
    private LlamaConfig Convert(byte[] file)
    {
        var header = MemoryMarshal.Cast<byte, int>(file.AsSpan(0, 28));
        var (dim, hidden, layers, heads, keyValueHeads, vocabulary) = (header[0], header[1], header[2], header[3], header[4], header[5]);
        Assert.True(vocabulary > 0, "the head is not shared");
        var config = new LlamaConfig
        {
            VocabularySize = vocabulary,
            HiddenSize = dim,
            IntermediateSize = hidden,
            LayerCount = layers,
            HeadCount = heads,
            KeyValueHeads = keyValueHeads,
            MaxPositions = header[6],
            NormEpsilon = 1e-5,
            TiesEmbeddings = true,
        };
        var (size, kv) = (dim / heads, dim / heads * keyValueHeads);
        (string Name, bool PerLayer, int Rows, int Columns)[] tensors =
        [
            ("embed_tokens", false, vocabulary, dim), ("input_layernorm", true, 1, dim), ("self_attn.q_proj", true, dim, dim), ("self_attn.k_proj", true, kv, dim),
            ("self_attn.v_proj", true, kv, dim), ("self_attn.o_proj", true, dim, dim), ("post_attention_layernorm", true, 1, dim), ("mlp.gate_proj", true, hidden, dim),
            ("mlp.down_proj", true, dim, hidden), ("mlp.up_proj", true, hidden, dim), ("norm", false, 1, dim),
        ];
        var values = new Dictionary<SafetensorsTensor, float[]>();
        var rest = MemoryMarshal.Cast<byte, float>(file.AsSpan(28));
        foreach (var (name, perLayer, rows, columns) in tensors)
        {
            for (var layer = 0; layer < (perLayer ? layers : 1); layer++)
            {
                var full = perLayer ? $"model.layers.{layer}.{name}.weight" : $"model.{name}.weight";
                var data = rest[..(rows * columns)].ToArray();
                var isRotated = name.EndsWith("q_proj", StringComparison.Ordinal) || name.EndsWith("k_proj", StringComparison.Ordinal);
                values.Add(new SafetensorsTensor(full, SafetensorsType.F32, rows == 1 ? [columns] : [rows, columns]), isRotated ? Halves(data, columns, size) : data);
                rest = rest[(rows * columns)..];
            }
        }

        using var writer = new SafetensorsWriter(_folder[SafetensorsCheckpoint.SingleFileName], values.Keys);
        foreach (var (tensor, data) in values)
        {
            writer.Write(tensor.Name, data);
        }

        writer.Complete();
        _folder.Write(ModelConfig.FileName, config.ToJson());
        return config;
    }

    /// <summary>Row (head, 2i + t) goes to row (head, t·size/2 + i).</summary>
    private static float[] Halves(float[] rows, int columns, int size)
    {
        var result = new float[rows.Length];
        for (var row = 0; row < rows.Length / columns; row++)
        {
            var (head, within) = (row / size, row % size);
            var target = (head * size) + (within % 2 * (size / 2)) + (within / 2);
            rows.AsSpan(row * columns, columns).CopyTo(result.AsSpan(target * columns));
        }

        return result;
    }

    /// <summary>The bytes of every piece: u32 longest piece, then score f32, length u32, text for each; <c>&lt;0xHH&gt;</c> is one byte.</summary>
    private static byte[][] ReadTokenizer(string path, int vocabulary)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        reader.ReadInt32();
        var pieces = new byte[vocabulary][];
        for (var id = 0; id < vocabulary; id++)
        {
            reader.ReadSingle();
            pieces[id] = reader.ReadBytes(reader.ReadInt32());
            var text = Encoding.UTF8.GetString(pieces[id]);
            if (text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal))
            {
                pieces[id] = [byte.Parse(text.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
            }
        }

        return pieces;
    }

    /// <summary>The first code block of the page that shows the program at temperature 0, without the command.</summary>
    private static string PublishedText(string page)
    {
        var block = File.ReadAllText(page).Split("```").First(part => part.Contains("-t 0.0", StringComparison.Ordinal));
        return block[(block.IndexOf("-t 0.0", StringComparison.Ordinal) + "-t 0.0".Length)..].Trim();
    }
}
