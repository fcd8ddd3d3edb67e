namespace Transfuse.Tensors.Optimizers;

/// <summary>How the learning rate falls after warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>Stays at the peak.</summary>
    Constant,

    /// <summary>Falls on a straight line.</summary>
    Linear,

    /// <summary>Falls on half a cosine.</summary>
    Cosine,
}
