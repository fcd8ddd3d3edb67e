using System.Runtime.InteropServices;
using System.Text;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Comparison;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Comparison;

public sealed class CheckpointComparisonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Measures_are_those_of_a_hand_computed_case()
    {
        // a − b = (0, −1, 0, 2): ‖a − b‖² = 5, ‖a‖² = 1 + 4 + 9 + 16 = 30, ‖b‖² = 1 + 9 + 9 + 4 = 23, a·b = 1 + 6 + 9 + 8 = 24.
        Write("a.safetensors", ("w", SafetensorsType.F32, [2, 2], [1, 2, 3, 4]));
        Write("b.safetensors", ("w", SafetensorsType.BF16, [2, 2], [1, 3, 3, 2]));

        var tensor = Assert.Single(Compare("a.safetensors", "b.safetensors"));

        Assert.True(tensor.HasSameShape);
        Assert.False(tensor.HasSameType);
        Assert.False(tensor.IsEqual);
        var values = tensor.Values!;
        Assert.Equal((4, 2, 0, 2.0), (values.Elements, values.Different, values.NotFinite, values.Largest));
        Assert.Equal(Math.Sqrt(5.0 / 30), values.RelativeL2!.Value, 15);
        Assert.Equal(24 / Math.Sqrt(30 * 23.0), values.Cosine!.Value, 15);
    }

    [Fact]
    public void Doubles_are_compared_in_double()
    {
        // Apart by 1e-12, which float32 has no room for beside 1.
        WriteDoubles("a.safetensors", [1, 2, 3]);
        WriteDoubles("b.safetensors", [1, 2 + 1e-12, 3]);
        Write("c.safetensors", ("w", SafetensorsType.F32, [3], [1, 2, 4]));

        var near = Assert.Single(Compare("a.safetensors", "b.safetensors"));
        Assert.False(near.IsEqual);
        Assert.Equal((3, 1), (near.Values!.Elements, near.Values.Different));
        Assert.Equal(1e-12, near.Values.Largest!.Value, 1e-15);
        Assert.True(Assert.Single(Compare("a.safetensors", "a.safetensors")).IsEqual);
        Assert.Equal(1, Assert.Single(Compare("c.safetensors", "b.safetensors")).Values!.Largest!.Value);
        Assert.Equal(2, Assert.Single(Compare("c.safetensors", "b.safetensors")).Values!.Different);
    }

    private void WriteDoubles(string name, double[] values)
    {
        var header = Encoding.UTF8.GetBytes($$$"""{"w":{"dtype":"F64","shape":[{{{values.Length}}}],"data_offsets":[0,{{{values.Length * sizeof(double)}}}]}}""");
        File.WriteAllBytes(_folder[name], [.. BitConverter.GetBytes((long)header.Length), .. header, .. MemoryMarshal.AsBytes(values.AsSpan())]);
    }

    [Fact]
    public void Names_shapes_and_types_of_both_are_told_sorted_by_name()
    {
        Write("a.safetensors", ("z", SafetensorsType.F32, [1], [1]), ("only.a", SafetensorsType.F32, [1], [1]), ("shape", SafetensorsType.F32, [2, 1], [1, 2]));
        Write("b.safetensors", ("shape", SafetensorsType.F32, [1, 2], [1, 2]), ("only.b", SafetensorsType.F32, [1], [1]), ("z", SafetensorsType.F32, [1], [1]));

        var tensors = Compare("a.safetensors", "b.safetensors");

        Assert.Equal(["only.a", "only.b", "shape", "z"], tensors.Select(tensor => tensor.Name));
        Assert.Equal([false, false, false, true], tensors.Select(tensor => tensor.IsEqual));
        Assert.Equal((true, true), (tensors[0].B is null, tensors[1].A is null));
        Assert.Equal((false, null), (tensors[2].HasSameShape, tensors[2].Values));
    }

    [Fact]
    public void What_is_not_finite_is_counted_and_in_no_sum()
    {
        Write("a.safetensors", ("w", SafetensorsType.F32, [4], [float.NaN, float.PositiveInfinity, 1, 2]));
        Write("b.safetensors", ("w", SafetensorsType.F32, [4], [float.NaN, 5, 1, 2.5f]));

        var values = Assert.Single(Compare("a.safetensors", "b.safetensors")).Values!;

        Assert.Equal((2, 2, 0.5, 0.25), (values.Different, values.NotFinite, values.Largest, values.SquaresOfDifference));
    }

    [Fact]
    public void Zeros_have_no_direction_and_no_relative_distance()
    {
        Write("a.safetensors", ("w", SafetensorsType.F32, [2], [0, 0]), ("empty", SafetensorsType.F32, [0], []));
        Write("b.safetensors", ("w", SafetensorsType.F32, [2], [0, 1]), ("empty", SafetensorsType.F32, [0], []));

        var tensors = Compare("a.safetensors", "b.safetensors");

        Assert.True(tensors[0].IsEqual);
        Assert.Equal((null, null), (tensors[1].Values!.RelativeL2, tensors[1].Values!.Cosine));
    }

    [Fact]
    public void Integers_are_compared_by_their_bytes()
    {
        WriteIntegers("a.safetensors", [1, 2, 3]);
        WriteIntegers("b.safetensors", [1, 2, 1L << 60]);

        var values = Assert.Single(Compare("a.safetensors", "b.safetensors")).Values!;

        Assert.Equal((3, 1, null, null), (values.Elements, values.Different, values.Largest, values.RelativeL2));
        Assert.True(Assert.Single(Compare("a.safetensors", "a.safetensors")).IsEqual);
    }

    [Fact]
    public void Pieces_add_up_to_the_whole()
    {
        // More than a piece has, and no multiple of it.
        const int count = (3 << 18) + 77;
        var (a, b) = (new float[count], new float[count]);
        for (var i = 0; i < count; i++)
        {
            a[i] = MathF.Sin(i);
            b[i] = i % 1000 == 0 ? a[i] + 0.25f : a[i];
        }

        Write("a.safetensors", ("vector", SafetensorsType.F32, [count], a));
        Write("b.safetensors", ("vector", SafetensorsType.F32, [count], b));

        var values = Assert.Single(Compare("a.safetensors", "b.safetensors")).Values!;

        var squares = a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
        Assert.Equal(((count + 999) / 1000, (double?)a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()), (values.Different, values.Largest));
        Assert.Equal(1, values.SquaresOfDifference / squares, 12);
    }

    /// <summary>Architectures with rows in another order, transposed matrices, norms greater by one and fused projections.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("llama-bias")]
    [InlineData("neox")]
    [InlineData("mpt")]
    [InlineData("gpt2")]
    [InlineData("gemma")]
    [InlineData("qwen3")]
    public void Gguf_is_compared_under_hugging_face_names(string name)
    {
        using (var device = new CpuDevice(threads: 1))
        {
            var config = TinyModels.Config(name);
            config = config is Gpt2Config gpt2 ? gpt2 with { ScalesByLayer = false } : config;
            using var model = PretrainedModel.Create(config, device, new RandomStream(7, "init"));
            PretrainedModel.Save(model, _folder["model"]);
        }

        ModelConversion.ToGguf(_folder["model"], _folder["f32.gguf"], DType.F32);
        ModelConversion.ToGguf(_folder["model"], _folder["bf16.gguf"], DType.BF16);

        Assert.All(Compare("model", "f32.gguf"), tensor => Assert.Equal((true, 0), (tensor.HasSameShape, tensor.Values?.Different)));
        // BF16 keeps 8 bits: the relative error of an element is at most 2⁻⁹.
        Assert.All(Compare("bf16.gguf", "model"), tensor => Assert.InRange(tensor.Values!.RelativeL2!.Value, 0, Math.Pow(2, -8.9)));
        Assert.All(Compare("f32.gguf", "f32.gguf"), tensor => Assert.True(tensor.IsEqual));
    }

    [Fact]
    public void A_folder_with_one_file_of_another_name_is_opened_and_one_without_weights_is_not()
    {
        Write("adapter/adapter_model.safetensors", ("w", SafetensorsType.F32, [1], [1]));
        Assert.Single(Compare("adapter", "adapter"));
        Directory.CreateDirectory(_folder["empty"]);
        Assert.Throws<ModelFormatException>(() => TensorSet.Open(_folder["empty"]));
    }

    private List<TensorComparison> Compare(string a, string b)
    {
        using var first = TensorSet.Open(_folder[a]);
        using var second = TensorSet.Open(_folder[b]);
        return [.. CheckpointComparison.Compare(first, second)];
    }

    private void Write(string name, params (string Name, SafetensorsType Type, int[] Dimensions, float[] Values)[] tensors)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        using var writer = new SafetensorsWriter(_folder[name], tensors.Select(tensor => new SafetensorsTensor(tensor.Name, tensor.Type, tensor.Dimensions)));
        foreach (var tensor in tensors)
        {
            writer.Write(tensor.Name, tensor.Values);
        }

        writer.Complete();
    }

    // By hand: the writer writes real numbers only.
    private void WriteIntegers(string name, long[] values)
    {
        var header = $"{{\"ids\":{{\"dtype\":\"I64\",\"shape\":[{values.Length}],\"data_offsets\":[0,{values.Length * sizeof(long)}]}}}}";
        var text = System.Text.Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        _folder.Write(name, [.. BitConverter.GetBytes((long)text.Length), .. text, .. MemoryMarshal.AsBytes(values.AsSpan())]);
    }
}
