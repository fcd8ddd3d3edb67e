namespace Transfuse.Checkpoints.Gguf;

/// <summary>How the rows of a tensor in GGUF lie to those of the same tensor in a Hugging Face file.</summary>
internal enum RowOrder
{
    /// <summary>Alike.</summary>
    Same,

    /// <summary>
    /// Rotated pairs side by side: GGUF's row (head, 2·i + t) is row (head, t·size/2 + i), since llama.cpp turns neighbours of a head, and
    /// Hugging Face its two halves. As many heads as there are queries.
    /// </summary>
    QueryPairs,

    /// <summary>The same with as many heads as there are keys.</summary>
    KeyPairs,

    /// <summary>GGUF has all queries, all keys, all values; Hugging Face the three of head 0, then those of head 1, … (GPT-NeoX).</summary>
    HeadByHead,

    /// <summary>GGUF's matrix is the transpose: Hugging Face has [in, out] (GPT-2's Conv1D).</summary>
    Transposed,

    /// <summary>GGUF's values are greater by 1 (Gemma's norms, which multiply by 1 + w).</summary>
    PlusOne,
}
