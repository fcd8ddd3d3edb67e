using System.Buffers;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization;

/// <summary>Finds added tokens in text: leftmost, longest first. A trie over bytes, entered only at bytes that can begin a token.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly List<Dictionary<byte, int>> _children = [[]];
    private readonly List<int> _tokens = [-1];
    private readonly List<AddedToken> _added = [];
    private readonly SearchValues<byte> _firstBytes;

    /// <summary>Indexes tokens by the text that stands for them.</summary>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            Add(Utf8.Bytes(text), token);
        }

        _firstBytes = SearchValues.Create([.. _children[0].Keys]);
    }

    /// <summary>Whether there is nothing to find.</summary>
    public bool IsEmpty => _added.Count == 0;

    /// <summary>Cuts a slice into tokens (with their range) and stretches between them (token null), none of them empty.</summary>
    public void Split(TextSlice slice, List<(AddedToken? Token, TextSlice Slice)> result)
    {
        result.Clear();
        var text = slice.Span;
        var covered = 0;
        for (var position = 0; Find(text, position, out var start, out var end) is { } token; position = end)
        {
            if (start < covered)
            {
                // The white space that the token before has swallowed.
                continue;
            }

            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..])))
            {
                continue;
            }

            var from = token.LeftStrip ? Math.Max(StartOfTrailingSpace(text[..start]), covered) : start;
            var to = token.RightStrip ? EndOfLeadingSpace(text, end) : end;
            if (covered < from)
            {
                result.Add((null, slice with { Start = slice.Start + covered, End = slice.Start + from }));
            }

            result.Add((token, slice with { Start = slice.Start + from, End = slice.Start + to }));
            covered = to;
        }

        if (covered < text.Length)
        {
            result.Add((null, slice with { Start = slice.Start + covered }));
        }
    }

    private void Add(byte[] text, AddedToken token)
    {
        if (text.Length == 0)
        {
            return;
        }

        var node = 0;
        foreach (var value in text)
        {
            if (!_children[node].TryGetValue(value, out var child))
            {
                child = _children.Count;
                _children[node].Add(value, child);
                _children.Add([]);
                _tokens.Add(-1);
            }

            node = child;
        }

        if (_tokens[node] < 0)
        {
            _tokens[node] = _added.Count;
            _added.Add(token);
        }
    }

    private AddedToken? Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start++)
        {
            var next = text[start..].IndexOfAny(_firstBytes);
            if (next < 0)
            {
                break;
            }

            start += next;
            var (node, found) = (0, -1);
            end = start;
            for (var i = start; i < text.Length && _children[node].TryGetValue(text[i], out node); i++)
            {
                if (_tokens[node] >= 0)
                {
                    (found, end) = (_tokens[node], i + 1);
                }
            }

            if (found >= 0)
            {
                return _added[found];
            }
        }

        end = start;
        return null;
    }

    private static bool EndsWithWord(ReadOnlySpan<byte> text) =>
        text.Length > 0 && Scalars.IsWord(Utf8.Decode(text, Utf8.Previous(text, text.Length), out _));

    private static bool StartsWithWord(ReadOnlySpan<byte> text) => text.Length > 0 && Scalars.IsWord(Utf8.Decode(text, 0, out _));

    private static int StartOfTrailingSpace(ReadOnlySpan<byte> text)
    {
        var start = text.Length;
        while (start > 0)
        {
            var previous = Utf8.Previous(text, start);
            if (!Scalars.IsWhiteSpace(Utf8.Decode(text, previous, out _)))
            {
                break;
            }

            start = previous;
        }

        return start;
    }

    private static int EndOfLeadingSpace(ReadOnlySpan<byte> text, int end)
    {
        while (end < text.Length && Scalars.IsWhiteSpace(Utf8.Decode(text, end, out var length)))
        {
            end += length;
        }

        return end;
    }
}
