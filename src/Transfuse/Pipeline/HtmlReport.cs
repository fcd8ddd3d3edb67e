using System.Globalization;
using System.Net;
using System.Text;
using Transfuse.Evaluation;

namespace Transfuse.Pipeline;

/// <summary>The report of a fusion run: the table, what it means, and the curves, as one file that opens from disk.</summary>
internal static class HtmlReport
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2rem auto; padding: 0 1rem; color: #1c2128; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
        table { border-collapse: collapse; width: 100%; } th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #d8dee4; }
        th:first-child, td:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; } td.best { font-weight: 700; } tr.fused { background: #eef6ff; }
        svg { width: 100%; height: auto; margin-top: 1rem; } svg text { font-size: 11px; } svg .title { font-size: 13px; font-weight: 600; }
        svg .grid { stroke: #e5e9ee; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: #59636e; } dd { margin: 0; }
        """;

    /// <summary>Renders the page.</summary>
    /// <param name="title">Name of the run.</param>
    /// <param name="rows">The table; rows named <c>target/clm</c> and <c>target/fused</c> are compared in words.</param>
    /// <param name="facts">Settings and measurements worth stating, in order.</param>
    /// <param name="charts">Curves.</param>
    internal static string Render(
        string title, IReadOnlyList<DomainScores> rows, IEnumerable<KeyValuePair<string, string>> facts, IEnumerable<SvgChart> charts)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{Encode(title)}</title><style>{Style}</style></head><body>");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Encode(title)}</h1>");
        html.Append(CultureInfo.InvariantCulture, $"<p>{Encode(FusionVerdict.Of(rows))}</p>");
        html.Append("<h2>Bits per byte on held-out text (lower is better)</h2>");
        AppendTable(html, rows);
        foreach (var chart in charts)
        {
            html.Append(chart.Render());
        }

        html.Append("<h2>How it was made</h2><dl>");
        foreach (var (name, value) in facts)
        {
            html.Append(CultureInfo.InvariantCulture, $"<dt>{Encode(name)}</dt><dd>{Encode(value)}</dd>");
        }

        return html.Append("</dl></body></html>\n").ToString();
    }

    private static void AppendTable(StringBuilder html, IReadOnlyList<DomainScores> rows)
    {
        html.Append("<table><tr><th>model</th><th>architecture</th><th>parameters</th>");
        foreach (var (domain, _) in rows[0].BitsPerByte)
        {
            html.Append(CultureInfo.InvariantCulture, $"<th>{Encode(domain)}</th>");
        }

        html.Append("<th>average</th></tr>");
        foreach (var row in rows)
        {
            html.Append(row.Name.EndsWith("/fused", StringComparison.Ordinal) ? "<tr class=\"fused\">" : "<tr>");
            html.Append(CultureInfo.InvariantCulture, $"<td>{Encode(row.Name)}</td><td>{Encode(row.ModelType)}</td><td>{row.Parameters:N0}</td>");
            for (var column = 0; column < row.BitsPerByte.Count; column++)
            {
                var value = row.BitsPerByte[column].Value;
                AppendCell(html, value, rows.Min(other => other.BitsPerByte[column].Value));
            }

            AppendCell(html, row.Average, rows.Min(other => other.Average));
            html.Append("</tr>");
        }

        html.Append("</table>");
    }

    private static void AppendCell(StringBuilder html, double value, double best) =>
        html.Append(CultureInfo.InvariantCulture, $"<td{(value <= best ? " class=\"best\"" : "")}>{value:F4}</td>");

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
