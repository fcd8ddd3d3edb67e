namespace Transfuse.Tensors.Optimizers;

/// <summary>Settings of Adafactor (Shazeer and Stern 2018), with the names and defaults of transformers.</summary>
public sealed record AdafactorOptions
{
    /// <summary>The settings of PyTorch's <c>torch.optim.Adafactor</c>: its form, and its ε₁, that of float32.</summary>
    public static AdafactorOptions PyTorch { get; } = new() { Form = AdafactorForm.PyTorch, Epsilon = 1.1920929e-7f };

    /// <summary>Whose method of that name it is.</summary>
    public AdafactorForm Form { get; init; }

    /// <summary>ε₁, added to squared gradients; in <see cref="AdafactorForm.PyTorch"/> the least root of a second moment.</summary>
    public float Epsilon { get; init; } = 1e-30f;

    /// <summary>ε₂, the least scale of a parameter where <see cref="ScaleParameter"/> is set.</summary>
    public double MinimumScale { get; init; } = 1e-3;

    /// <summary>An update whose root mean square is larger is shortened to this.</summary>
    public double ClipThreshold { get; init; } = 1;

    /// <summary>Exponent of the second moment's decay: β₂ = 1 − step^this.</summary>
    public double DecayRate { get; init; } = -0.8;

    /// <summary>Decay of the first moment; null keeps none.</summary>
    public float? Beta1 { get; init; }

    /// <summary>Decoupled weight decay, applied to parameters whose <see cref="Autograd.Parameter.Decays"/> is set.</summary>
    public float WeightDecay { get; init; }

    /// <summary>Whether steps are multiplied by the parameter's root mean square; PyTorch always does.</summary>
    public bool ScaleParameter { get; init; } = true;

    /// <summary>Whether the step size follows from the number of the step, min(0.01, 1/√step), instead of the learning rate; not in
    /// <see cref="AdafactorForm.PyTorch"/>, where the learning rate bounds it.</summary>
    public bool RelativeStep { get; init; } = true;

    /// <summary>Whether relative steps begin small: min(10⁻⁶·step, 1/√step).</summary>
    public bool WarmupInit { get; init; }
}
