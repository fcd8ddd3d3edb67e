using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Transfuse.LibTorch;

/// <summary>
/// The reference script's Llama, operation by operation. Scopes and <c>using</c> drop every tensor about where Python's reference counts would.
/// </summary>
internal sealed class PeerLlama : IDisposable
{
    private readonly bool _fusedAttention;
    private readonly Embedding _embedding;
    private readonly Block[] _blocks;
    private readonly Parameter _finalNorm;
    private readonly Tensor _cosine, _sine, _mask;

    /// <summary>Reads <c>w_NAME.bin</c> and <c>t_NAME.bin</c> of <paramref name="folder"/>, as the reference script's <c>init</c> writes them.</summary>
    internal PeerLlama(PeerShape shape, string folder, bool fusedAttention)
    {
        (Shape, _fusedAttention) = (shape, fusedAttention);
        using (var file = File.OpenRead(Path.Combine(folder, $"w_{shape.Name}.bin")))
        {
            _embedding = nn.Embedding_from_pretrained(Read(file, ScalarType.Float32, shape.Vocabulary, shape.Hidden), freeze: false);
            _blocks = [.. Enumerable.Range(0, shape.Layers).Select(_ => new Block(file, shape))];
            _finalNorm = new Parameter(Read(file, ScalarType.Float32, shape.Hidden));
        }

        Parameters = [_embedding.weight!, .. _blocks.SelectMany(block => block.Parameters), _finalNorm];
        Batches = ReadBatches(Path.Combine(folder, $"t_{shape.Name}.bin"), shape);
        using var scope = NewDisposeScope();
        var half = shape.HeadWidth / 2;
        var frequencies = pow(10000.0, -arange(half, ScalarType.Float64) / half);
        var angles = arange(shape.Length, ScalarType.Float64).unsqueeze(1) * frequencies.unsqueeze(0);
        _cosine = angles.cos().@float().view(1, shape.Length, 1, half).DetachFromDisposeScope();
        _sine = angles.sin().@float().view(1, shape.Length, 1, half).DetachFromDisposeScope();
        _mask = full(shape.Length, shape.Length, float.NegativeInfinity).triu(1).DetachFromDisposeScope();
    }

    /// <summary>Shape of the model.</summary>
    internal PeerShape Shape { get; }

    /// <summary>All weights, in the order of the file.</summary>
    internal Parameter[] Parameters { get; }

    /// <summary>Batches of token ids [sequences, length + 1].</summary>
    internal Tensor[] Batches { get; }

    /// <summary>Mean cross-entropy of a batch's next tokens; the caller disposes it. With <paramref name="bfloat16"/>, the forward pass runs under autocast.</summary>
    internal Tensor Loss(Tensor batch, bool bfloat16)
    {
        using var scope = NewDisposeScope();
        Tensor logits;
        using (bfloat16 ? new Autocast() : null)
        {
            logits = Forward(batch.narrow(1, 0, Shape.Length));
        }

        var labels = batch.narrow(1, 1, Shape.Length).reshape(-1);
        return nn.functional.cross_entropy(logits.@float().view(-1, Shape.Vocabulary), labels).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[.. Parameters, .. Batches, _cosine, _sine, _mask])
        {
            tensor.Dispose();
        }

        _embedding.Dispose();
    }

    private Tensor Forward(Tensor tokens)
    {
        var x = _embedding.forward(tokens);
        foreach (var block in _blocks)
        {
            var before = x;
            x = Forward(block, x);
            before.Dispose();
        }

        using var last = x;
        using var normed = Norm(last, _finalNorm);
        return nn.functional.linear(normed, _embedding.weight!);
    }

    private Tensor Forward(Block block, Tensor x)
    {
        using var scope = NewDisposeScope();
        var (batch, length, hidden) = (Shape.Sequences, Shape.Length, Shape.Hidden);
        var projected = nn.functional.linear(Norm(x, block.AttentionNorm), block.QueryKeyValue);
        var parts = projected.view(batch, length, 3, Shape.Heads, Shape.HeadWidth).unbind(2);
        var attended = Attention(Rotate(parts[0]).transpose(1, 2), Rotate(parts[1]).transpose(1, 2), parts[2].transpose(1, 2));
        x += nn.functional.linear(attended.transpose(1, 2).reshape(batch, length, hidden), block.Output);
        var halves = nn.functional.linear(Norm(x, block.FeedForwardNorm), block.GateUp).chunk(2, -1);
        return (x + nn.functional.linear(nn.functional.silu(halves[0]) * halves[1], block.Down)).MoveToOuterDisposeScope();
    }

    private Tensor Attention(Tensor q, Tensor k, Tensor v)
    {
        if (_fusedAttention)
        {
            return nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true);
        }

        using var scope = NewDisposeScope();
        var scores = (matmul(q, k.transpose(2, 3)) / Math.Sqrt(Shape.HeadWidth)) + _mask;
        return matmul(softmax(scores.@float(), -1), v).MoveToOuterDisposeScope();
    }

    private Tensor Rotate(Tensor x)
    {
        using var scope = NewDisposeScope();
        var halves = x.@float().chunk(2, -1);
        var (a, b) = (halves[0], halves[1]);
        return cat([(a * _cosine) - (b * _sine), (b * _cosine) + (a * _sine)], -1).MoveToOuterDisposeScope();
    }

    private static Tensor Norm(Tensor x, Tensor gain)
    {
        using var scope = NewDisposeScope();
        return (x * rsqrt(x.pow(2).mean([-1], keepdim: true) + 1e-5) * gain).MoveToOuterDisposeScope();
    }

    private static Tensor[] ReadBatches(string path, PeerShape shape)
    {
        using var file = File.OpenRead(path);
        var tokens = shape.Sequences * (shape.Length + 1);
        var batches = new Tensor[file.Length / sizeof(int) / tokens];
        for (var i = 0; i < batches.Length; i++)
        {
            using var ids = Read(file, ScalarType.Int32, shape.Sequences, shape.Length + 1);
            batches[i] = ids.to_type(ScalarType.Int64);
        }

        return batches;
    }

    private static Tensor Read(FileStream file, ScalarType type, params long[] shape)
    {
        var tensor = empty(shape, type);
        file.ReadExactly(tensor.bytes);
        return tensor;
    }

    private sealed class Block(FileStream file, PeerShape shape)
    {
        internal Parameter AttentionNorm { get; } = new(Read(file, ScalarType.Float32, shape.Hidden));

        internal Parameter QueryKeyValue { get; } = new(Read(file, ScalarType.Float32, 3 * shape.Hidden, shape.Hidden));

        internal Parameter Output { get; } = new(Read(file, ScalarType.Float32, shape.Hidden, shape.Hidden));

        internal Parameter FeedForwardNorm { get; } = new(Read(file, ScalarType.Float32, shape.Hidden));

        internal Parameter GateUp { get; } = new(Read(file, ScalarType.Float32, 2 * shape.Inner, shape.Hidden));

        internal Parameter Down { get; } = new(Read(file, ScalarType.Float32, shape.Hidden, shape.Inner));

        internal IEnumerable<Parameter> Parameters => [AttentionNorm, QueryKeyValue, Output, FeedForwardNorm, GateUp, Down];
    }
}
