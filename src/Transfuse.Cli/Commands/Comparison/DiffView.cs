using System.Globalization;
using System.Text.Json;
using Transfuse.Checkpoints.Comparison;
using Transfuse.Cli.Output;

namespace Transfuse.Cli.Commands.Comparison;

/// <summary>Shows what <c>diff</c> found, to people and to programs.</summary>
internal static class DiffView
{
    /// <summary>A table of tensors and the sums.</summary>
    internal static void Write(ToolOutput output, DiffResult result, IEnumerable<TensorComparison> listed)
    {
        var table = new TextTable("tensor", "shape", "dtype", "largest#", "relative L2#", "cosine#", "different#");
        var rows = 0;
        foreach (var tensor in listed)
        {
            rows++;
            var values = tensor.Values;
            table.Row(
                tensor.Name, Both(tensor, side => side.ShapeText), Both(tensor, side => side.Type), Text(values?.Largest), Text(values?.RelativeL2),
                Text(values?.Cosine, "0.000000"), Different(tensor));
        }

        if (rows > 0)
        {
            output.Table(table);
        }

        output.Line(result.IsEqual
            ? $"equal: {Count(result.Equal)}"
            : $"{Count(result.Tensors.Count)}: {result.Equal} equal, {result.Different} different, {result.OnlyInA} only in {result.A}, {result.OnlyInB} only in {result.B}");
        if (!result.IsEqual && result.Largest is { } largest)
        {
            output.Line($"largest difference {Text(largest)}, relative L2 {Text(result.RelativeL2)}");
        }

        if (result.NotFinite > 0)
        {
            output.Warn($"{ProgressText.Number(result.NotFinite)} elements are NaN or infinite; they are in no sum");
        }
    }

    /// <summary>The members of the JSON form.</summary>
    internal static void WriteJson(Utf8JsonWriter json, DiffResult result, IEnumerable<TensorComparison> listed)
    {
        json.WriteString("a", result.A);
        json.WriteString("b", result.B);
        json.WriteBoolean("equal", result.IsEqual);
        json.WriteStartObject("summary");
        json.WriteNumber("tensors", result.Tensors.Count);
        json.WriteNumber("equal", result.Equal);
        json.WriteNumber("different", result.Different);
        json.WriteNumber("only_in_a", result.OnlyInA);
        json.WriteNumber("only_in_b", result.OnlyInB);
        WriteReal(json, "largest_difference", result.Largest);
        WriteReal(json, "relative_l2", result.RelativeL2);
        json.WriteNumber("not_finite", result.NotFinite);
        json.WriteEndObject();
        json.WriteStartArray("tensors");
        foreach (var tensor in listed)
        {
            WriteTensor(json, tensor);
        }

        json.WriteEndArray();
    }

    private static void WriteTensor(Utf8JsonWriter json, TensorComparison tensor)
    {
        json.WriteStartObject();
        json.WriteString("name", tensor.Name);
        json.WriteString("state", tensor.B is null ? "only_in_a" : tensor.A is null ? "only_in_b" : tensor.IsEqual ? "equal" : "different");
        WriteSide(json, "a", tensor.A);
        WriteSide(json, "b", tensor.B);
        if (tensor.Values is { } values)
        {
            json.WriteNumber("elements", values.Elements);
            json.WriteNumber("different_elements", values.Different);
            json.WriteNumber("not_finite", values.NotFinite);
            WriteReal(json, "largest_difference", values.Largest);
            WriteReal(json, "relative_l2", values.RelativeL2);
            WriteReal(json, "cosine", values.Cosine);
        }

        json.WriteEndObject();
    }

    private static void WriteSide(Utf8JsonWriter json, string name, StoredTensor? tensor)
    {
        if (tensor is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("dtype", tensor.Type);
        json.WriteStartArray("shape");
        foreach (var size in tensor.Dimensions)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteReal(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Both(TensorComparison tensor, Func<StoredTensor, string> text)
    {
        var (a, b) = (tensor.A is null ? null : text(tensor.A), tensor.B is null ? null : text(tensor.B));
        return a is null || b is null || string.Equals(a, b, StringComparison.Ordinal) ? a ?? b! : $"{a} / {b}";
    }

    private static string Different(TensorComparison tensor) =>
        tensor.B is null ? "only in a"
        : tensor.A is null ? "only in b"
        : !tensor.HasSameShape ? "shape"
        : tensor.Values is { } values ? ProgressText.Number(values.Different)
        : "not comparable";

    private static string Count(int tensors) => $"{ProgressText.Number(tensors)} {(tensors == 1 ? "tensor" : "tensors")}";

    private static string Text(double? value, string format = "G4") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
