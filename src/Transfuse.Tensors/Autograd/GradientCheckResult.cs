namespace Transfuse.Tensors.Autograd;

/// <summary>The element at which a gradient and its central difference differ most.</summary>
/// <param name="Difference">|gradient − difference quotient| over the largest absolute quotient of that input, or over 1 if that is larger.</param>
/// <param name="Input">Index of the input.</param>
/// <param name="Element">Index of the element in it.</param>
/// <param name="Gradient">What the tape computed there.</param>
/// <param name="Quotient">The central difference there.</param>
public readonly record struct GradientCheckResult(double Difference, int Input, int Element, double Gradient, double Quotient);
