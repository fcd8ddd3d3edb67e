using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Attention;

/// <summary>What is no number in one token does not reach tokens that do not see it: their rows keep every bit.</summary>
public sealed class AttentionLeakTests
{
    private const int Length = 200;

    public static TheoryData<string, int, float> Cases()
    {
        var cases = new TheoryData<string, int, float>();
        foreach (var (name, options) in AttentionMasks.All.Where(mask => mask.Value.Causal || mask.Value.Window > 0))
        {
            foreach (var token in (int[])[0, 5, 63, 64, 130, Length - 1])
            {
                cases.Add(name, token, float.NaN);
            }

            cases.Add(name, 70, float.PositiveInfinity);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_bad_token_changes_no_bit_of_those_that_do_not_see_it(string mask, int token, float bad)
    {
        // The token itself is bad in all that it has, as it is when its hidden state is. Queries in [token, token + window) see it, and keys
        // that these see get their gradients from them.
        var window = WindowOf(mask);
        Check(
            mask,
            spoiled =>
            {
                Array.Fill(spoiled.Query, bad, token * spoiled.QueryColumns, spoiled.QueryColumns);
                Array.Fill(spoiled.Key, bad, token * spoiled.KeyColumns, spoiled.KeyColumns);
                Array.Fill(spoiled.Value, bad, token * spoiled.ValueColumns, spoiled.ValueColumns);
                var width = spoiled.DOutput.Length / Length;
                Array.Fill(spoiled.DOutput, bad, token * width, width);
            },
            query => query < token || query >= token + window,
            key => Math.Abs(key - token) >= window);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_bad_gradient_reaches_only_what_its_token_saw(string mask, int token, float bad)
    {
        var window = WindowOf(mask);
        Check(
            mask,
            spoiled =>
            {
                var width = spoiled.DOutput.Length / Length;
                Array.Fill(spoiled.DOutput, bad, token * width, width);
            },
            query => query != token,
            key => key > token || key <= token - window);
    }

    private static long WindowOf(string mask) => AttentionMasks.All[mask].Window is > 0 and var window ? window : int.MaxValue;

    private static void Check(string mask, Action<AttentionCase> spoil, Func<int, bool> isCleanQuery, Func<int, bool> isCleanKey)
    {
        var clean = new AttentionCase(AttentionMasks.All[mask], AttentionCase.Documents(Length));
        var spoiled = new AttentionCase(AttentionMasks.All[mask], AttentionCase.Documents(Length));
        spoil(spoiled);
        foreach (var tier in KernelTiers.Available)
        {
            using var device = new CpuDevice(tier, threads: 2);
            var (expectedOutput, expectedLogSumExp) = clean.Forward(device);
            var (output, logSumExp) = spoiled.Forward(device);
            AssertRows(expectedOutput, output, isCleanQuery, $"{tier}, output");
            AssertRows(expectedLogSumExp, logSumExp, isCleanQuery, $"{tier}, logSumExp");
            var (expectedDQuery, expectedDKey, expectedDValue) = clean.Backward(device);
            var (dQuery, dKey, dValue) = spoiled.Backward(device);
            AssertRows(expectedDQuery, dQuery, isCleanQuery, $"{tier}, dQuery");
            AssertRows(expectedDKey, dKey, isCleanKey, $"{tier}, dKey");
            AssertRows(expectedDValue, dValue, isCleanKey, $"{tier}, dValue");
        }
    }

    private static void AssertRows(float[] expected, float[] actual, Func<int, bool> isClean, string what)
    {
        var columns = expected.Length / Length;
        for (var row = 0; row < Length; row++)
        {
            if (isClean(row) && !expected.AsSpan(row * columns, columns).SequenceEqual(actual.AsSpan(row * columns, columns)))
            {
                Assert.Fail($"{what}: row {row} is not what it is without the bad token");
            }
        }
    }
}
