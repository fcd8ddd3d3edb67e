using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Bpe;

/// <summary>Applies merges to one word after the other.</summary>
internal sealed class BpeWorker(BpeModel model) : CachingWorker(model.Cuts)
{
    private const int MaximumScanned = 32;

    private readonly BpeSymbols _symbols = new();
    private readonly PriorityQueue<int, ulong> _queue = new();
    private int _unknownEnd;

    /// <inheritdoc/>
    protected override void Compute(ReadOnlySpan<byte> word, int offset, TokenList tokens)
    {
        if (model.Definition.IgnoreMerges && model.Find(word) is >= 0 and var whole)
        {
            tokens.Add(whole, offset, offset + word.Length);
            return;
        }

        _symbols.Reset(word.Length);
        _unknownEnd = -1;
        if (model.ReadsBytes)
        {
            ReadBytes(word);
        }
        else
        {
            ReadCharacters(word);
        }

        if (_symbols.Count <= MaximumScanned)
        {
            MergeByScanning();
        }
        else
        {
            MergeByQueue();
        }

        for (var i = _symbols.First; i >= 0; i = _symbols.Next[i])
        {
            tokens.Add(_symbols.Ids[i], offset + _symbols.Starts[i], offset + _symbols.Ends[i]);
        }
    }

    private void ReadBytes(ReadOnlySpan<byte> piece)
    {
        for (var i = 0; i < piece.Length; i++)
        {
            var id = model.ByteIds[piece[i]];
            if (id >= 0)
            {
                _symbols.Add(id, i, i + 1);
            }
            else
            {
                AddUnknown(i, i + 1);
            }
        }
    }

    private void ReadCharacters(ReadOnlySpan<byte> piece)
    {
        for (var i = 0; i < piece.Length;)
        {
            var end = i + Utf8.LengthOf(piece[i]);
            var symbol = piece[i..end];
            var id = model.FindSymbol(symbol, i == 0, end == piece.Length);
            if (id >= 0)
            {
                _symbols.Add(id, i, end);
            }
            else if (!model.Definition.ByteFallback || !AddBytes(symbol, i, end, end == piece.Length))
            {
                AddUnknown(i, end);
            }

            i = end;
        }
    }

    private bool AddBytes(ReadOnlySpan<byte> symbol, int start, int end, bool isLast)
    {
        var bytes = model.Decorate(symbol, start == 0, isLast);
        foreach (var value in bytes)
        {
            if (model.FallbackIds[value] < 0)
            {
                return false;
            }
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            var position = Math.Min(start + i, end - 1);
            _symbols.Add(model.FallbackIds[bytes[i]], position, position + 1);
        }

        return true;
    }

    private void AddUnknown(int start, int end)
    {
        if (model.UnknownId < 0)
        {
            return;
        }

        if (model.Definition.FuseUnknown && _unknownEnd == start)
        {
            _symbols.ExtendLast(end);
        }
        else
        {
            _symbols.Add(model.UnknownId, start, end);
        }

        _unknownEnd = end;
    }

    /// <summary>Few symbols: look for the lowest rank again and again; the leftmost of equal ranks comes first.</summary>
    private void MergeByScanning()
    {
        var symbols = _symbols;
        for (var i = symbols.First; i >= 0; i = symbols.Next[i])
        {
            UpdateRank(i);
        }

        while (true)
        {
            var best = -1;
            var bestRank = MergeTable.NoMerge;
            for (var i = symbols.First; i >= 0; i = symbols.Next[i])
            {
                if (symbols.Ranks[i] < bestRank)
                {
                    best = i;
                    bestRank = symbols.Ranks[i];
                }
            }

            if (best < 0)
            {
                return;
            }

            symbols.Merge(best, symbols.Results[best]);
            UpdateRank(best);
            if (symbols.Previous[best] >= 0)
            {
                UpdateRank(symbols.Previous[best]);
            }
        }
    }

    /// <summary>Many symbols: a queue by (rank, position), O(n log n); entries that a merge has overtaken are skipped.</summary>
    private void MergeByQueue()
    {
        var symbols = _symbols;
        _queue.Clear();
        for (var i = symbols.First; i >= 0; i = symbols.Next[i])
        {
            Enqueue(i);
        }

        while (_queue.TryDequeue(out var index, out var priority))
        {
            if (!symbols.IsAlive(index) || symbols.Ranks[index] != (int)(priority >> 32))
            {
                continue;
            }

            symbols.Merge(index, symbols.Results[index]);
            Enqueue(index);
            if (symbols.Previous[index] >= 0)
            {
                Enqueue(symbols.Previous[index]);
            }
        }
    }

    private void Enqueue(int index)
    {
        UpdateRank(index);
        if (_symbols.Ranks[index] != MergeTable.NoMerge)
        {
            _queue.Enqueue(index, ((ulong)(uint)_symbols.Ranks[index] << 32) | (uint)index);
        }
    }

    private void UpdateRank(int index)
    {
        var next = _symbols.Next[index];
        if (next < 0)
        {
            _symbols.Ranks[index] = MergeTable.NoMerge;
            return;
        }

        _symbols.Ranks[index] = model.Merges.Rank(_symbols.Ids[index], _symbols.Ids[next], out var result);
        _symbols.Results[index] = result;
    }
}
