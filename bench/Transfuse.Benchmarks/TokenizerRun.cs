using System.Diagnostics;
using System.Globalization;
using Transfuse.Tokenization;

namespace Transfuse.Benchmarks;

/// <summary>Times the tokenisation of one file, as one text and as a batch of its lines, in the words of the script that times the peer: what, tokens, MB/s, MB/s of the first pass.</summary>
internal static class TokenizerRun
{
    private const int Rounds = 5;

    // The runtime compiles hot methods again, better, while they run: rates are those of a process that has worked for a while.
    private const double WarmUpSeconds = 2;

    /// <summary>Writes the <c>tokenizer.json</c> of any tokenizer, so that the peer can read it too.</summary>
    internal static void WriteJson(string source, string folder) => TokenizerFile.Save(TokenizerFile.Load(source), folder);

    internal static void Run(string tokenizerPath, string textPath, int threads)
    {
        var tokenizer = TokenizerFile.Load(tokenizerPath);
        var text = File.ReadAllText(textPath);
        var lines = text.Split('\n');
        var bytes = new FileInfo(textPath).Length;
        if (threads == 1)
        {
            Report("single", bytes, () => tokenizer.Encode(text).Ids.Length);
        }

        Report("lines", bytes, () => tokenizer.EncodeAll(lines, threads: threads).Sum(encoding => encoding.Ids.Length));
    }

    private static void Report(string what, long bytes, Func<int> encode)
    {
        var begin = Stopwatch.GetTimestamp();
        var tokens = encode();
        var first = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun).TotalSeconds < WarmUpSeconds;)
        {
            tokens = encode();
        }

        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            tokens = encode();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {tokens} {bytes / best / 1e6:F2} {bytes / first / 1e6:F2}"));
    }
}
