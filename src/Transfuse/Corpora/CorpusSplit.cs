using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Transfuse.Corpora;

/// <summary>
/// Divides documents into training, validation and test by a hash of their text: where a document goes depends on nothing else, so adding
/// or reordering documents moves no other. Texts that differ only in case, digits, punctuation or spacing go the same way.
/// </summary>
public sealed class CorpusSplit
{
    private readonly double _trainEnd;
    private readonly double _validationEnd;

    /// <summary>Creates a split.</summary>
    /// <param name="validation">Fraction of the documents for validation.</param>
    /// <param name="test">Fraction for the test; the rest trains.</param>
    /// <exception cref="ArgumentOutOfRangeException">A fraction is negative, or they add up to 1 or more.</exception>
    public CorpusSplit(double validation, double test)
    {
        if (!(validation >= 0 && test >= 0 && validation + test < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(validation), $"The fractions {validation} and {test} must not be negative and must add up to less than 1.");
        }

        _trainEnd = 1 - validation - test;
        _validationEnd = 1 - test;
    }

    /// <summary>The part that a document belongs to.</summary>
    public CorpusPart PartOf(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var position = Position(document.Text);
        return position < _trainEnd ? CorpusPart.Train : position < _validationEnd ? CorpusPart.Validation : CorpusPart.Test;
    }

    /// <summary>
    /// A number in [0, 1) that is uniform over texts: the first 53 bits of SHA-256 over the text's letters in lower case.
    /// </summary>
    private static double Position(string text)
    {
        var letters = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsLetter(rune))
            {
                letters.Append(Rune.ToLowerInvariant(rune));
            }
        }

        // A text without letters is judged as it stands: otherwise all of them would go one way.
        var bytes = Encoding.UTF8.GetBytes(letters.Length > 0 ? letters.ToString() : text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return (BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) * (1.0 / (1UL << 53));
    }
}
