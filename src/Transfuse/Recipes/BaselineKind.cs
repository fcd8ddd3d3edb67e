namespace Transfuse.Recipes;

/// <summary>What a fused model is compared with.</summary>
public enum BaselineKind
{
    /// <summary>The target trained on the corpus alone, as many steps and tokens.</summary>
    Clm,
}
