using Spectre.Console;

namespace Transfuse.Cli.Output;

/// <summary>A table of plain text.</summary>
internal sealed class TextTable
{
    private readonly string[] _headings;
    private readonly bool[] _isNumber;
    private readonly List<string[]> _rows = [];

    /// <summary>Starts a table. A heading that ends with <c>#</c> is of a column of numbers, set to the right.</summary>
    internal TextTable(params string[] headings)
    {
        _isNumber = [.. headings.Select(heading => heading.EndsWith('#'))];
        _headings = [.. headings.Select(heading => heading.TrimEnd('#'))];
    }

    /// <summary>Adds a row with as many cells as there are headings.</summary>
    internal TextTable Row(params string[] cells)
    {
        _rows.Add(cells);
        return this;
    }

    /// <summary>The table in the form that the terminal library draws.</summary>
    internal Table ToTable(bool useUnicode)
    {
        var table = new Table { Border = useUnicode ? TableBorder.Rounded : TableBorder.Ascii, ShowHeaders = _headings.Any(h => h.Length > 0) };
        for (var i = 0; i < _headings.Length; i++)
        {
            var column = new TableColumn(new Text(_headings[i], new Style(decoration: Decoration.Bold)));
            table.AddColumn(_isNumber[i] ? column.RightAligned() : column);
        }

        foreach (var row in _rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        return table;
    }
}
