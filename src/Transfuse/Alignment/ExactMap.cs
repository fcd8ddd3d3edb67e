namespace Transfuse.Alignment;

/// <summary>FuseLLM's EM: a source token stands for the target token whose piece is the same once the space mark is the same; others are dropped.</summary>
public static class ExactMap
{
    /// <summary>Builds the map.</summary>
    /// <param name="source">The source's vocabulary.</param>
    /// <param name="target">The target's vocabulary.</param>
    /// <param name="mapSpecials">Whether BOS and EOS are mapped by role; false as in FuseLLM.</param>
    public static VocabularyMap Build(PieceVocabulary source, PieceVocabulary target, bool mapSpecials = true)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        var targetOf = TargetOf(source, target);
        if (mapSpecials)
        {
            SpecialRoles.Apply(source.BosId, source.EosId, target.BosId, target.EosId, targetOf);
        }

        return VocabularyMap.OneToOne(VocabularyMapKind.Exact, source.Hash, target.Hash, target.Size, targetOf);
    }

    /// <summary>Per source id the target id of the same piece, or −1.</summary>
    internal static int[] TargetOf(PieceVocabulary source, PieceVocabulary target)
    {
        var targetOf = new int[source.Size];
        for (var id = 0; id < targetOf.Length; id++)
        {
            targetOf[id] = source.PieceWith(id, target.Marker) is { } piece ? target.IdOf(piece) : -1;
        }

        return targetOf;
    }
}
