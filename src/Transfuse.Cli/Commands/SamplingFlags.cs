using System.CommandLine;
using System.Globalization;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Generation;

namespace Transfuse.Cli.Commands;

/// <summary>The options that say how tokens are chosen and where a text ends.</summary>
internal sealed class SamplingFlags
{
    private readonly int _defaultTokens;
    private readonly double _defaultTemperature;
    private readonly Option<int?> _tokens;
    private readonly Option<bool> _greedy;
    private readonly Option<double?> _temperature;
    private readonly Option<int?> _topK = NumberOption.Whole("--top-k", "Draw among the k most probable tokens.", "k", 1);
    private readonly Option<double?> _topP = NumberOption.Share("--top-p", "Draw among the fewest most probable tokens whose probabilities reach this sum.", "p");
    private readonly Option<double?> _minP = NumberOption.Share("--min-p", "Draw among tokens at least this share as probable as the most probable one.", "p");
    private readonly Option<double?> _repetitionPenalty = NumberOption.Real("--repetition-penalty", "Above 1, make tokens that the text already has less probable; 1 leaves them.", "x", 0.01);
    private readonly Option<int?> _noRepeat = NumberOption.Whole("--no-repeat-ngram", "Let no run of n tokens occur twice.", "n", 1);
    private readonly Option<string[]> _stop = new("--stop") { Description = "End the text before this string; may be given several times.", HelpName = "text" };
    private readonly Option<int?> _beams = NumberOption.Whole("--beams", "Search the most probable text with n sequences at a time, in place of going token by token.", "n", 1);
    private readonly Option<double?> _lengthPenalty = NumberOption.Real("--length-penalty", "With --beams: above 0 favours long texts, below 0 short ones; otherwise 1.", "x", -100, 100);

    /// <param name="defaultTokens">Most tokens to add if the user does not say.</param>
    /// <param name="defaultTemperature">Temperature if no option of chance is given; 0 is greedy.</param>
    internal SamplingFlags(int defaultTokens, double defaultTemperature)
    {
        (_defaultTokens, _defaultTemperature) = (defaultTokens, defaultTemperature);
        _tokens = NumberOption.Whole("--tokens", $"Most tokens to add; otherwise {defaultTokens}. A token that ends the text ends it earlier.", "n", 1);
        var isGreedy = defaultTemperature == 0;
        _greedy = new("--greedy") { Description = $"Always take the most probable token{(isGreedy ? "; so it is if no option of chance is given" : "")}." };
        var otherwise = isGreedy ? "" : string.Create(CultureInfo.InvariantCulture, $"; {defaultTemperature} if no option of chance is given");
        _temperature = NumberOption.Real("--temperature", $"Draw tokens; below 1 closer to the most probable, above 1 more freely, 0 is greedy{otherwise}.", "t", 0);
    }

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { _tokens, _greedy, _temperature, _topK, _topP, _minP, _repetitionPenalty, _noRepeat, _stop, _beams, _lengthPenalty })
        {
            command.Add(option);
        }
    }

    /// <summary>Whether the user said how many tokens.</summary>
    internal bool NamesTokens(ToolContext context) => context.Arguments.GetValue(_tokens) is not null;

    /// <summary>The options.</summary>
    /// <exception cref="UsageException">They contradict each other.</exception>
    internal GenerationOptions Read(ToolContext context)
    {
        var arguments = context.Arguments;
        var (temperature, topK, topP, minP) = (arguments.GetValue(_temperature), arguments.GetValue(_topK), arguments.GetValue(_topP), arguments.GetValue(_minP));
        var draws = temperature is not null || topK is not null || topP is not null || minP is not null;
        var beams = arguments.GetValue(_beams) ?? 1;
        if (arguments.GetValue(_greedy) && (draws || beams > 1))
        {
            throw new UsageException(draws
                ? "--greedy draws nothing, so it takes no --temperature, --top-k, --top-p or --min-p"
                : "--greedy goes token by token, so it takes no --beams");
        }

        if (beams > 1 && draws)
        {
            throw new UsageException("--beams searches and draws nothing, so it takes no --temperature, --top-k, --top-p or --min-p");
        }

        if (arguments.GetValue(_lengthPenalty) is not null && beams == 1)
        {
            throw new UsageException("--length-penalty is for --beams");
        }

        string[] stops = arguments.GetValue(_stop) ?? [];
        if (stops.Any(stop => stop.Length == 0))
        {
            throw new UsageException("--stop is empty");
        }

        return new GenerationOptions
        {
            MaxNewTokens = arguments.GetValue(_tokens) ?? _defaultTokens,
            Temperature = temperature ?? (draws ? 1 : arguments.GetValue(_greedy) || beams > 1 ? 0 : _defaultTemperature),
            TopK = topK ?? 0,
            TopP = topP ?? 1,
            MinP = minP ?? 0,
            RepetitionPenalty = arguments.GetValue(_repetitionPenalty) ?? 1,
            NoRepeatNGramSize = arguments.GetValue(_noRepeat) ?? 0,
            StopStrings = stops,
            Beams = beams,
            LengthPenalty = arguments.GetValue(_lengthPenalty) ?? 1,
        };
    }
}
