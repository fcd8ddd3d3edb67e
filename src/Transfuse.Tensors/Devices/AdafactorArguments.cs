namespace Transfuse.Tensors.Devices;

/// <summary>One Adafactor step (Shazeer and Stern 2018, algorithms 4 and 5).</summary>
/// <param name="StepSize">Factor α on the clipped update.</param>
/// <param name="Beta2">Decay of the second moments at this step.</param>
/// <param name="Beta1">Decay of the first moment, where there is one.</param>
/// <param name="Epsilon">Added to squared gradients.</param>
/// <param name="LeastRoot">Least root of a second moment, by which a gradient is divided; 0 for no such bound.</param>
/// <param name="ClipThreshold">Largest root mean square of the update.</param>
/// <param name="Decay">The parameter shrinks by this share.</param>
/// <param name="GradientScale">Factor on the gradient first, for clipping.</param>
public readonly record struct AdafactorArguments(
    double StepSize, double Beta2, float Beta1, float Epsilon, float LeastRoot, double ClipThreshold, double Decay, float GradientScale);
