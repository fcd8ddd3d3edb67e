using System.Runtime.InteropServices;

namespace Transfuse.Alignment;

/// <summary>The byte strings of a vocabulary as a tree: children of a node are found by (node, byte).</summary>
internal sealed class ByteTrie
{
    private const int NoToken = -1;
    private readonly Dictionary<(int Node, byte Next), int> _children = [];
    private readonly List<(int Token, bool IsByteToken)> _nodes = [(NoToken, false)];

    /// <summary>Adds a token; empty ones are ignored. Of equal ones an ordinary token beats a byte token, then the first added stays.</summary>
    internal void Add(ReadOnlySpan<byte> bytes, int token, bool isByteToken)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        var node = 0;
        foreach (var next in bytes)
        {
            ref var child = ref CollectionsMarshal.GetValueRefOrAddDefault(_children, (node, next), out var exists);
            if (!exists)
            {
                child = _nodes.Count;
                _nodes.Add((NoToken, false));
            }

            node = child;
        }

        var present = _nodes[node];
        if (present.Token == NoToken || (present.IsByteToken && !isByteToken))
        {
            _nodes[node] = (token, isByteToken);
        }
    }

    /// <summary>
    /// The token that begins a text of these bytes: the equal one; −1 if they only begin longer tokens; else the longest that begins them.
    /// </summary>
    internal int FirstTokenOf(ReadOnlySpan<byte> bytes)
    {
        var (node, longest) = (0, NoToken);
        foreach (var next in bytes)
        {
            if (!_children.TryGetValue((node, next), out node))
            {
                return longest;
            }

            longest = _nodes[node].Token is var token and not NoToken ? token : longest;
        }

        return _nodes[node].Token;
    }
}
