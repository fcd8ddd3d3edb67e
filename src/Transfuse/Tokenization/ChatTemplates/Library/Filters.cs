using System.Collections.Frozen;
using Transfuse.Tokenization.ChatTemplates.Evaluation;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Applies a filter to a value.</summary>
internal delegate object FilterBody(Evaluator run, object value, Arguments arguments);

/// <summary>
/// The filters that a template can name: Jinja's, with the <c>tojson</c> of transformers. Those for HTML pages (<c>urlize</c>,
/// <c>xmlattr</c>), <c>pprint</c> and <c>random</c>, which no prompt can be reproduced with, are not here.
/// </summary>
internal static class Filters
{
    /// <summary>The filters by name.</summary>
    internal static readonly FrozenDictionary<string, FilterBody> All =
        TextFilters.All.Concat(ValueFilters.All).Concat(SequenceFilters.All).Concat(SelectionFilters.All).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A filter with fixed parameters.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parameters">Names of its parameters, with spaces between.</param>
    /// <param name="body">Is given the value and the arguments in the order of the parameters, null where one is missing.</param>
    internal static KeyValuePair<string, FilterBody> Define(string name, string parameters, Func<Evaluator, object, object?[], object> body)
    {
        var names = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new(name, (run, value, arguments) => body(run, value, arguments.Bind(name, names)));
    }
}
