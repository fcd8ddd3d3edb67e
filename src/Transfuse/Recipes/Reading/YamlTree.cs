using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Transfuse.Recipes.Reading;

/// <summary>Reads YAML text into <see cref="RecipeNode"/>s: one document, bounded depth, no anchors and no tags.</summary>
internal sealed class YamlTree
{
    private const int MaxDepth = 16;
    private const int MaxNodes = 100_000;

    private readonly string _file;
    private readonly int _columnOffset;
    private readonly int _length;
    private readonly ProblemList _problems;
    private readonly Parser _parser;
    private int _nodes;

    private YamlTree(string text, string file, int columnOffset, ProblemList problems)
    {
        _file = file;
        _columnOffset = columnOffset;
        _length = text.Length;
        _problems = problems;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>The document's root, or null where there is none or the text is no YAML; the reason is added to the problems.</summary>
    /// <param name="text">YAML text.</param>
    /// <param name="file">Name for positions.</param>
    /// <param name="problems">Takes what is wrong.</param>
    /// <param name="columnOffset">Added to the columns of the first line, for text that is part of a longer line.</param>
    internal static RecipeNode? Parse(string text, string file, ProblemList problems, int columnOffset = 0)
    {
        var tree = new YamlTree(text, file, columnOffset, problems);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException exception)
        {
            problems.Add(tree.At(exception.Start), string.Empty, $"not valid YAML: {Reason(exception)}");
            return null;
        }
    }

    private RecipeNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            return null;
        }

        var root = ReadNode(0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var second))
        {
            _problems.Add(At(second.Start), string.Empty, "a second YAML document begins here; a recipe is one document");
        }

        return root;
    }

    private RecipeNode ReadNode(int depth)
    {
        var current = _parser.Current ?? throw new YamlException("the document ends too early");
        if (depth > MaxDepth || ++_nodes > MaxNodes)
        {
            throw new YamlException(current.Start, current.End, depth > MaxDepth ? $"nested deeper than {MaxDepth} levels" : $"more than {MaxNodes} values");
        }

        if (current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
        {
            throw new YamlException(current.Start, current.End, "anchors and aliases (& and *) are not used in recipes; repeat the value");
        }

        return current switch
        {
            Scalar => ReadScalar(),
            SequenceStart => ReadSequence(depth),
            MappingStart => ReadMapping(depth),
            _ => throw new YamlException(current.Start, current.End, "a value was expected here"),
        };
    }

    private ScalarNode ReadScalar()
    {
        var scalar = _parser.Consume<Scalar>();
        return new ScalarNode(At(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty);
    }

    private SequenceNode ReadSequence(int depth)
    {
        var position = At(_parser.Consume<SequenceStart>().Start);
        var items = new List<RecipeNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new SequenceNode(position, items);
    }

    private MappingNode ReadMapping(int depth)
    {
        var position = At(_parser.Consume<MappingStart>().Start);
        var entries = new List<MappingEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (key is ScalarNode scalar)
            {
                entries.Add(new MappingEntry(scalar.Text, scalar.Position, value));
            }
            else
            {
                _problems.Add(key.Position, string.Empty, $"a key must be a word, found {key.Describe()}");
            }
        }

        return new MappingNode(position, entries);
    }

    // The command line is one line, also where the parser says that the text ends on the line after it.
    private RecipePosition At(Mark mark)
    {
        var (line, column) = (Math.Max(1, (int)mark.Line), Math.Max(1, (int)mark.Column));
        if (line > 1 && string.Equals(_file, RecipeOverrides.Source, StringComparison.Ordinal))
        {
            (line, column) = (1, _length);
        }

        return new RecipePosition(_file, line, column + (line == 1 ? _columnOffset : 0));
    }

    // The library's messages begin with their own position or a phrase about scanning; the sentence after it is what helps.
    private static string Reason(YamlException exception)
    {
        var message = exception.Message;
        var end = message.IndexOf("): ", StringComparison.Ordinal);
        return (message.StartsWith('(') && end > 0 ? message[(end + 3)..] : message).TrimEnd('.');
    }
}
