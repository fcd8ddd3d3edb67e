using Transfuse.Tensors.Devices;

namespace Transfuse.Checkpoints;

/// <summary>The names of activation functions in <c>config.json</c>.</summary>
internal static class Activations
{
    private static readonly Dictionary<string, ActivationKind> Kinds = new(StringComparer.Ordinal)
    {
        ["silu"] = ActivationKind.Silu,
        ["swish"] = ActivationKind.Silu,
        ["gelu"] = ActivationKind.Gelu,
        ["gelu_new"] = ActivationKind.GeluTanh,
        ["gelu_fast"] = ActivationKind.GeluTanh,
        ["gelu_pytorch_tanh"] = ActivationKind.GeluTanh,
        ["relu"] = ActivationKind.Relu,
    };

    /// <summary>The function of a name; an unknown one was refused when the configuration was checked.</summary>
    internal static ActivationKind Parse(string name) => Kinds[name];

    /// <summary>A problem for people, or none.</summary>
    internal static IEnumerable<string> Check(string key, string name)
    {
        if (!Kinds.ContainsKey(name))
        {
            yield return $"key '{key}' is \"{name}\", expected one of {string.Join(", ", Kinds.Keys)}";
        }
    }
}
