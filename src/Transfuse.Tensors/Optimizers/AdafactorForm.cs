namespace Transfuse.Tensors.Optimizers;

/// <summary>The two methods that are called Adafactor (Shazeer and Stern 2018).</summary>
public enum AdafactorForm
{
    /// <summary>That of transformers: ε₁ is added to squared gradients, the learning rate or the relative step is the step, and decay goes with the step.</summary>
    Transformers,

    /// <summary>
    /// That of PyTorch: roots of second moments are at least ε₁, the step is min(learning rate, 1/√step)·max(ε₂, RMS of the parameter), and decay
    /// goes with the learning rate.
    /// </summary>
    PyTorch,
}
