using System.Globalization;
using System.Net;
using System.Text;

namespace Transfuse.Pipeline;

/// <summary>A line chart as inline SVG: no script, no network, readable in a screenshot.</summary>
internal sealed class SvgChart
{
    private const int Width = 720;
    private const int Height = 300;
    private const int Left = 56;
    private const int Right = 12;
    private const int Top = 28;
    private const int Bottom = 40;
    private static readonly string[] Colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"];

    private readonly List<(string Name, IReadOnlyList<(double X, double Y)> Points)> _lines = [];

    internal required string Title { get; init; }

    internal required string XLabel { get; init; }

    internal required string YLabel { get; init; }

    /// <summary>Adds one line; points that are not finite are left out.</summary>
    internal void Add(string name, IEnumerable<(double X, double Y)> points)
    {
        var finite = points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)).ToList();
        if (finite.Count > 0)
        {
            _lines.Add((name, finite));
        }
    }

    /// <summary>The chart as an svg element; empty where no line was added.</summary>
    internal string Render()
    {
        if (_lines.Count == 0)
        {
            return "";
        }

        var points = _lines.SelectMany(line => line.Points).ToList();
        var (minX, maxX) = Spread(points.Min(p => p.X), points.Max(p => p.X));
        var (minY, maxY) = Spread(points.Min(p => p.Y), points.Max(p => p.Y));
        double X(double x) => Left + ((x - minX) / (maxX - minX) * (Width - Left - Right));
        double Y(double y) => Height - Bottom - ((y - minY) / (maxY - minY) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"16\" class=\"title\">{WebUtility.HtmlEncode(Title)}</text>");
        AppendGrid(svg, (minX, maxX), (minY, maxY), X, Y);
        for (var i = 0; i < _lines.Count; i++)
        {
            var colour = Colours[i % Colours.Length];
            var path = string.Join(' ', _lines[i].Points.Select(p => Invariant($"{X(p.X):F1},{Y(p.Y):F1}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" points=\"{path}\"/>");
            var last = _lines[i].Points[^1];
            var label = Invariant($"{_lines[i].Name} {last.Y:0.###}");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right - 8}\" y=\"{Top + 14 + (i * 15)}\" text-anchor=\"end\" fill=\"{colour}\">{WebUtility.HtmlEncode(label)}</text>");
        }

        return svg.Append("</svg>").ToString();
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static (double Min, double Max) Spread(double min, double max) => max > min ? (min, max) : (min - 0.5, max + 0.5);

    private void AppendGrid(StringBuilder svg, (double Min, double Max) x, (double Min, double Max) y, Func<double, double> toX, Func<double, double> toY)
    {
        for (var tick = 0; tick <= 4; tick++)
        {
            var valueY = y.Min + ((y.Max - y.Min) * tick / 4);
            var valueX = x.Min + ((x.Max - x.Min) * tick / 4);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{toY(valueY):F1}\" y2=\"{toY(valueY):F1}\" class=\"grid\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{toY(valueY) + 4:F1}\" text-anchor=\"end\">{valueY:0.###}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{toX(valueX):F1}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{valueX:N0}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Width + Left) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(XLabel)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"4\" y=\"{Top - 4}\" class=\"unit\">{WebUtility.HtmlEncode(YLabel)}</text>");
    }
}
