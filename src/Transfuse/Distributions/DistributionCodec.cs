using System.Numerics;
using System.Text;

namespace Transfuse.Distributions;

/// <summary>Turns one document's distributions into the payload of a block and back.</summary>
internal sealed class DistributionCodec
{
    private const int LargestRiceParameter = 15;

    private readonly int _vocabulary;
    private readonly int _topK;
    private readonly int _idWidth;
    private readonly int _countWidth;

    /// <summary>Codec for one vocabulary.</summary>
    public DistributionCodec(int vocabularySize, int topK)
    {
        _vocabulary = vocabularySize;
        _topK = topK;
        _idWidth = BitsFor(vocabularySize - 1);
        _countWidth = BitsFor(topK);
    }

    /// <summary>The payload of a document.</summary>
    /// <exception cref="ArgumentException">The parts do not fit together or a value is out of range; the message names the position.</exception>
    public byte[] Encode(DocumentDistributions document)
    {
        var (steps, firsts) = Quantize(document);
        var ends = EndDeltas(document);
        var bytes = new List<byte>(64 + (4 * document.Next.Ids.Length));
        WriteText(bytes, document.DocumentId);
        WriteVarint(bytes, document.TokenIds.Length);
        var endParameter = BestParameter(ends);
        var stepParameter = BestParameter(steps);
        bytes.Add((byte)endParameter);
        bytes.Add((byte)stepParameter);

        var bits = new BitWriter(bytes);
        WriteIds(bits, document.TokenIds);
        WriteRice(bits, ends, endParameter);
        for (var i = 0; i < document.Next.Count; i++)
        {
            bits.Write((uint)document.Next.IdsAt(i).Length, _countWidth);
        }

        WriteIds(bits, document.Next.Ids);
        foreach (var first in firsts)
        {
            bits.Write(BitConverter.HalfToUInt16Bits(first), 16);
        }

        WriteRice(bits, steps, stepParameter);
        WriteGolds(bits, document);
        bits.Flush();
        return bytes.ToArray();
    }

    /// <summary>The document id at the start of a payload.</summary>
    /// <exception cref="InvalidDataException">The payload breaks the format.</exception>
    public static string DecodeId(ReadOnlySpan<byte> payload) => ReadText(payload, out _);

    /// <summary>The document of a payload.</summary>
    /// <exception cref="InvalidDataException">The payload breaks the format.</exception>
    public DocumentDistributions Decode(ReadOnlySpan<byte> payload)
    {
        var id = ReadText(payload, out var position);
        var count = ReadVarint(payload, ref position);
        if (payload.Length - position < 2 || payload[position] > LargestRiceParameter || payload[position + 1] > LargestRiceParameter)
        {
            throw new InvalidDataException("the code parameters are missing or out of range");
        }

        var (endParameter, stepParameter) = (payload[position], payload[position + 1]);
        var bits = new BitReader(payload[(position + 2)..]);

        // Each token takes at least its id, one bit of its end and its count: no count can ask for more memory than the payload backs.
        Require(count * (long)(_idWidth + 1 + _countWidth) <= bits.Remaining, "more tokens are announced than the data can hold");
        var tokens = ReadIds(ref bits, count);
        var ends = ReadEnds(ref bits, count, endParameter);
        var starts = ReadStarts(ref bits, count);
        Require(starts[^1] * (long)_idWidth <= bits.Remaining, "more entries are announced than the data can hold");
        var ids = ReadIds(ref bits, starts[^1]);
        var next = new SparseDistributions(starts, ids, ReadLogProbabilities(ref bits, starts, stepParameter));
        var golds = ReadGolds(ref bits, tokens, next);
        bits.ExpectEnd();
        return new DocumentDistributions(id, tokens, ends, next, golds);
    }

    private (uint[] Steps, List<Half> Firsts) Quantize(DocumentDistributions document)
    {
        var next = document.Next;
        var count = document.TokenIds.Length;
        if (next.Count != count || document.TokenEnds.Length != count || document.GoldLogProbabilities.Length != count)
        {
            throw Bad(document, $"has {document.TokenIds.Length} tokens, {document.TokenEnds.Length} ends, {next.Count} distributions and "
                + $"{document.GoldLogProbabilities.Length} gold log-probabilities; expected as many of each");
        }

        if (next.Starts[0] != 0 || next.Starts[^1] != next.Ids.Length || next.Ids.Length != next.LogProbabilities.Length)
        {
            throw Bad(
                document, $"has {next.Ids.Length} ids and {next.LogProbabilities.Length} log-probabilities, "
                + $"but its positions end at entry {next.Starts[^1]}");
        }

        var steps = new List<uint>(next.Ids.Length);
        var firsts = new List<Half>(next.Count);
        var scratch = new uint[_topK];
        for (var i = 0; i < next.Count; i++)
        {
            var entries = next.Starts[i + 1] - next.Starts[i];
            if (entries < 0 || entries > _topK)
            {
                throw Bad(document, $"keeps {entries} ids at position {i}, expected at most {_topK}");
            }

            if (entries > 0)
            {
                try
                {
                    firsts.Add(LogProbabilityCode.Encode(next.LogProbabilitiesAt(i), scratch));
                }
                catch (ArgumentException exception)
                {
                    throw Bad(document, $"is wrong at position {i}. {exception.Message}", exception);
                }

                steps.AddRange(scratch.AsSpan(1, entries - 1));
            }
        }

        return (steps.ToArray(), firsts);
    }

    private static uint[] EndDeltas(DocumentDistributions document)
    {
        var deltas = new uint[document.TokenEnds.Length];
        for (int i = 0, previous = 0; i < deltas.Length; previous = document.TokenEnds[i++])
        {
            deltas[i] = document.TokenEnds[i] >= previous
                ? (uint)(document.TokenEnds[i] - previous)
                : throw Bad(document, $"has a token {i} that ends at byte {document.TokenEnds[i]}, before the token that precedes it");
        }

        return deltas;
    }

    private void WriteIds(BitWriter bits, int[] ids)
    {
        foreach (var id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id, nameof(ids));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, _vocabulary, nameof(ids));
            bits.Write((uint)id, _idWidth);
        }
    }

    private static void WriteRice(BitWriter bits, uint[] values, int parameter)
    {
        foreach (var value in values)
        {
            bits.WriteRice(value, parameter);
        }
    }

    /// <summary>
    /// Gold log-probabilities as fp16, but only where the gold token is not among the kept ids: there it is known already.
    /// </summary>
    private static void WriteGolds(BitWriter bits, DocumentDistributions document)
    {
        for (var i = 0; i < document.TokenIds.Length - 1; i++)
        {
            if (!document.Next.IdsAt(i).Contains(document.TokenIds[i + 1]))
            {
                var gold = document.GoldLogProbabilities[i];
                bits.Write(gold <= LogProbabilityCode.Tolerance
                    ? BitConverter.HalfToUInt16Bits((Half)Math.Clamp(gold, LogProbabilityCode.Lowest, 0))
                    : throw Bad(document, $"gives its gold token at position {i} the log-probability {gold}, expected at most 0"), 16);
            }
        }
    }

    private int[] ReadIds(ref BitReader bits, int count)
    {
        var ids = new int[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = (int)bits.Read(_idWidth);
            Require(ids[i] < _vocabulary, "an id is outside the vocabulary");
        }

        return ids;
    }

    private static int[] ReadEnds(ref BitReader bits, int count, int parameter)
    {
        var ends = new int[count];
        long end = 0;
        for (var i = 0; i < count; i++)
        {
            end += bits.ReadRice(parameter);
            Require(end <= int.MaxValue, "a token ends beyond any text");
            ends[i] = (int)end;
        }

        return ends;
    }

    private int[] ReadStarts(ref BitReader bits, int count)
    {
        var starts = new int[count + 1];
        for (var i = 0; i < count; i++)
        {
            var entries = (int)bits.Read(_countWidth);
            Require(entries <= _topK, "a position has more than k entries");
            starts[i + 1] = checked(starts[i] + entries);
        }

        return starts;
    }

    private float[] ReadLogProbabilities(ref BitReader bits, int[] starts, int parameter)
    {
        var values = new float[starts[^1]];
        for (var i = 0; i < starts.Length - 1; i++)
        {
            if (starts[i + 1] > starts[i])
            {
                values[starts[i]] = ReadHalf(ref bits);
            }
        }

        var steps = new uint[_topK];
        for (var i = 0; i < starts.Length - 1; i++)
        {
            var entries = values.AsSpan(starts[i]..starts[i + 1]);
            for (var j = 1; j < entries.Length; j++)
            {
                steps[j] = bits.ReadRice(parameter);
            }

            if (entries.Length > 0)
            {
                LogProbabilityCode.Decode((Half)entries[0], steps, entries);
            }
        }

        return values;
    }

    private static float[] ReadGolds(ref BitReader bits, int[] tokens, SparseDistributions next)
    {
        var golds = new float[tokens.Length];
        for (var i = 0; i < tokens.Length - 1; i++)
        {
            var index = next.IdsAt(i).IndexOf(tokens[i + 1]);
            golds[i] = index >= 0 ? next.LogProbabilitiesAt(i)[index] : ReadHalf(ref bits);
        }

        return golds;
    }

    private static float ReadHalf(ref BitReader bits)
    {
        var value = (float)BitConverter.UInt16BitsToHalf((ushort)bits.Read(16));
        Require(value is <= 0 and >= LogProbabilityCode.Lowest - 1, "a log-probability is out of range");
        return value;
    }

    private static int BestParameter(uint[] values)
    {
        var (best, shortest) = (0, long.MaxValue);
        for (var parameter = 0; parameter <= LargestRiceParameter; parameter++)
        {
            var length = 0L;
            foreach (var value in values)
            {
                length += BitWriter.RiceLength(value, parameter);
            }

            (best, shortest) = length < shortest ? (parameter, length) : (best, shortest);
        }

        return best;
    }

    private static void WriteText(List<byte> bytes, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        WriteVarint(bytes, utf8.Length);
        bytes.AddRange(utf8);
    }

    private static string ReadText(ReadOnlySpan<byte> payload, out int position)
    {
        position = 0;
        var length = ReadVarint(payload, ref position);
        Require(length <= payload.Length - position, "the document's id is longer than its data");
        position += length;
        return Encoding.UTF8.GetString(payload.Slice(position - length, length));
    }

    internal static void WriteVarint(List<byte> bytes, int value)
    {
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
        {
            bytes.Add((byte)(rest | 0x80));
        }

        bytes.Add((byte)rest);
    }

    internal static int ReadVarint(ReadOnlySpan<byte> bytes, ref int position)
    {
        long value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            Require(position < bytes.Length, "the data ends within a number");
            var next = bytes[position++];
            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                Require(value <= int.MaxValue, "a number is too large");
                return (int)value;
            }
        }

        throw new InvalidDataException("a number is too long");
    }

    private static int BitsFor(int largest) => largest == 0 ? 0 : BitOperations.Log2((uint)largest) + 1;

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidDataException(problem);
        }
    }

    private static ArgumentException Bad(DocumentDistributions document, string what, Exception? cause = null) =>
        new($"Document '{document.DocumentId}' {what}.", nameof(document), cause);
}
