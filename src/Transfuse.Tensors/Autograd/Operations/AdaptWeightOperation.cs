using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>
/// V = W + s·B·A on some rows, and y = m/‖V‖·V where they have a magnitude. dV = m/‖V‖·dy and dm = ⟨dy, V⟩/‖V‖, the length ‖V‖ taken as a
/// constant (Liu et al. 2024, section 4.3); dB = s·dV·Aᵀ, dA = s·Bᵀ·dV.
/// </summary>
internal sealed class AdaptWeightOperation : Operation
{
    private readonly Variable _weight;
    private readonly IReadOnlyList<LowRankUpdate> _updates;
    private readonly Variable _y;

    private AdaptWeightOperation(Variable weight, IReadOnlyList<LowRankUpdate> updates, Variable y)
    {
        _weight = weight;
        _updates = updates;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, Variable weight, IReadOnlyList<LowRankUpdate> updates)
    {
        var wantsGradient = weight.RequiresGradient
            || updates.Any(update => update.Up.RequiresGradient || update.Down.RequiresGradient || update.Magnitude is { RequiresGradient: true });
        var y = tape.Result(tape.Device.Allocate(weight.Value.Shape), wantsGradient);
        return tape.Compute(new AdaptWeightOperation(weight, updates, y), y);
    }

    internal override void Compute(Device device, Tensor value)
    {
        device.Scale(_weight.Value, 1, value, accumulate: false);
        foreach (var update in _updates)
        {
            using var rows = value.SliceRows(update.FirstRow, update.Up.Value.Rows);
            AddProduct(device, update, rows);
            if (update.Magnitude is { } magnitude)
            {
                using var factors = RowFactors(device, magnitude.Value, rows, out var lengths);
                lengths.Dispose();
                device.ScaleRows(rows, factors, rows);
            }
        }
    }

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy)
        {
            return;
        }

        foreach (var update in _updates)
        {
            using var rows = dy.SliceRows(update.FirstRow, update.Up.Value.Rows);
            if (update.Magnitude is { } magnitude)
            {
                BackwardOfMagnitude(tape, update, magnitude, rows);
            }

            BackwardOfProduct(tape, update, rows);
        }

        tape.PassGradient(_y, _weight);
    }

    /// <summary>rows += s·B·A.</summary>
    private static void AddProduct(Device device, LowRankUpdate update, Tensor rows)
    {
        using var scaled = device.Allocate(update.Up.Value.Shape);
        device.Scale(update.Up.Value, update.Factor, scaled, accumulate: false);
        device.MatMul(MatMulLayout.NN, scaled, update.Down.Value, rows, rows);
    }

    /// <summary>m/‖V‖ of each row, 0 for a row of zeros.</summary>
    private static Tensor RowFactors(Device device, Tensor magnitude, Tensor rows, out Tensor lengths)
    {
        lengths = device.Allocate(new Shape(rows.Rows));
        device.RowProducts(rows, rows, lengths);
        var factors = device.Allocate(lengths.Shape);
        for (var row = 0; row < rows.Rows; row++)
        {
            ref var length = ref lengths.AsSpan()[row];
            length = MathF.Sqrt(length);
            factors.AsSpan()[row] = length > 0 ? magnitude.AsSpan()[row] / length : 0;
        }

        return factors;
    }

    /// <summary>Adds to dm and turns dy of the rows into dV, in place: nothing else reads it.</summary>
    private void BackwardOfMagnitude(Tape tape, LowRankUpdate update, Variable magnitude, Tensor dy)
    {
        var device = tape.Device;
        using var v = device.Allocate(dy.Shape);
        using (var weight = _weight.Value.SliceRows(update.FirstRow, dy.Rows))
        {
            device.Scale(weight, 1, v, accumulate: false);
        }

        AddProduct(device, update, v);
        using var factors = RowFactors(device, magnitude.Value, v, out var lengths);
        using (lengths)
        {
            if (magnitude.RequiresGradient)
            {
                using var products = device.Allocate(lengths.Shape);
                device.RowProducts(dy, v, products);
                var accumulate = tape.GradientOf(magnitude, out var dMagnitude);
                for (var row = 0; row < dy.Rows; row++)
                {
                    var own = lengths.AsSpan()[row] > 0 ? products.AsSpan()[row] / lengths.AsSpan()[row] : 0;
                    dMagnitude.AsSpan()[row] = accumulate ? dMagnitude.AsSpan()[row] + own : own;
                }
            }
        }

        device.ScaleRows(dy, factors, dy);
    }

    private static void BackwardOfProduct(Tape tape, LowRankUpdate update, Tensor dv)
    {
        var device = tape.Device;
        if (update.Up.RequiresGradient)
        {
            using var product = device.Allocate(update.Up.Value.Shape);
            device.MatMul(MatMulLayout.NT, dv, update.Down.Value, product);
            var accumulate = tape.GradientOf(update.Up, out var dUp);
            device.Scale(product, update.Factor, dUp, accumulate);
        }

        if (update.Down.RequiresGradient)
        {
            using var scaled = device.Allocate(update.Up.Value.Shape);
            device.Scale(update.Up.Value, update.Factor, scaled, accumulate: false);
            var accumulate = tape.GradientOf(update.Down, out var dDown);
            device.MatMul(MatMulLayout.TN, scaled, dv, dDown, accumulate ? dDown : null);
        }
    }
}
