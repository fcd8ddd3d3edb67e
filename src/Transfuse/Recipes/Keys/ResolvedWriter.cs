using System.Text;

namespace Transfuse.Recipes.Keys;

/// <summary>Writes the YAML of a resolved recipe line by line.</summary>
internal sealed class ResolvedWriter
{
    private readonly StringBuilder _text = new();
    private bool _afterDash;

    /// <summary>Writes <c>key: value</c>, with the remark <c># default</c> where the value is the default.</summary>
    internal void WriteKey(int indent, string key, string value, bool isDefault)
    {
        Begin(indent);
        _text.Append(key).Append(": ").Append(value).Append(isDefault ? "  # default\n" : "\n");
    }

    /// <summary>Writes <c>key:</c>; its keys follow.</summary>
    internal void BeginSection(int indent, string key)
    {
        Begin(indent);
        _text.Append(key).Append(":\n");
    }

    /// <summary>Writes the dash of a list item; its first key follows on the same line.</summary>
    internal void BeginItem(int indent)
    {
        _text.Append(' ', indent).Append("- ");
        _afterDash = true;
    }

    /// <summary>The text so far.</summary>
    public override string ToString() => _text.ToString();

    private void Begin(int indent)
    {
        if (!_afterDash)
        {
            _text.Append(' ', indent);
        }

        _afterDash = false;
    }
}
