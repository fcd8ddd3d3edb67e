namespace Transfuse.Tensors.Devices;

/// <summary>What happens to logits between the head's matrix product and the softmax.</summary>
/// <param name="LogitScale">Factor on every logit.</param>
/// <param name="SoftCap">Where positive, logits become cap·tanh(logit/cap) after scaling.</param>
public readonly record struct HeadOptions(float LogitScale, float SoftCap)
{
    /// <summary>Logits as they are.</summary>
    public static HeadOptions Plain { get; } = new(1, 0);
}
