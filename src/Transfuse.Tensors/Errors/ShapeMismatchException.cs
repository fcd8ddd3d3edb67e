namespace Transfuse.Tensors.Errors;

/// <summary>Two operands of one operation do not fit together.</summary>
public sealed class ShapeMismatchException : ArgumentException
{
    /// <summary>Creates the exception; the message names the operation, what was found and what was expected.</summary>
    /// <param name="operation">The operation that refused, for example <c>MatMul</c>.</param>
    /// <param name="found">What it was given, for example <c>[4, 3]</c>.</param>
    /// <param name="expected">What it needs.</param>
    public ShapeMismatchException(string operation, string found, string expected)
        : base($"{operation}: got {found}, expected {expected}.")
    {
        Operation = operation;
    }

    /// <summary>The operation that refused.</summary>
    public string Operation { get; }
}
