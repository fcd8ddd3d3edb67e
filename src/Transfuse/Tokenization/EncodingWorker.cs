using Transfuse.Tokenization.PreTokenizers;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization;

/// <summary>Takes texts through the steps with buffers of its own; not thread safe.</summary>
internal sealed class EncodingWorker(EncodingSteps steps)
{
    private readonly ModelWorker _model = steps.Model.CreateWorker();
    private readonly PieceList _pieces = new();
    private readonly TokenList _tokens = new();
    private readonly List<(AddedToken? Token, TextSlice Slice)> _raw = [];
    private readonly List<(AddedToken? Token, TextSlice Slice)> _normalized = [];

    /// <summary>Tokenises UTF-8 bytes.</summary>
    public Encoding Encode(byte[] text, bool addSpecialTokens)
    {
        _tokens.Clear();
        var all = new AlignedText(text).All;
        if (steps.RawTokens.IsEmpty)
        {
            EncodeSegment(all);
        }
        else
        {
            steps.RawTokens.Split(all, _raw);
            foreach (var (token, slice) in _raw)
            {
                if (token is null)
                {
                    EncodeSegment(slice);
                }
                else
                {
                    _tokens.Add(token.Id, slice.Start, slice.End);
                }
            }
        }

        return addSpecialTokens && steps.Template.Count != 1 ? WithTemplate(text.Length) : new Encoding(_tokens.Ids.ToArray(), _tokens.Spans.ToArray());
    }

    private void EncodeSegment(TextSlice slice)
    {
        slice = steps.Normalizer?.Apply(slice) ?? slice;
        if (steps.NormalizedTokens.IsEmpty)
        {
            EncodePieces(slice);
            return;
        }

        steps.NormalizedTokens.Split(slice, _normalized);
        foreach (var (token, part) in _normalized)
        {
            if (token is null)
            {
                EncodePieces(part);
            }
            else
            {
                var origin = part.Text.Origin(part.Start, part.End);
                _tokens.Add(token.Id, origin.Start, origin.End);
            }
        }
    }

    private void EncodePieces(TextSlice slice)
    {
        _pieces.Reset(slice);
        steps.PreTokenizer?.Apply(_pieces);
        var first = _tokens.Count;
        var text = _pieces.Text;
        foreach (var piece in _pieces.Pieces)
        {
            _model.Encode(text.Bytes.AsSpan(piece.Start, piece.End - piece.Start), piece.Start, _tokens);
        }

        if (text.IsOriginal)
        {
            return;
        }

        foreach (ref var span in _tokens.Spans[first..])
        {
            span = text.Origin(span.Start, span.End);
        }
    }

    private Encoding WithTemplate(int textLength)
    {
        var ids = new List<int>(_tokens.Count + steps.Template.Count);
        var spans = new List<ByteSpan>(ids.Capacity);
        var position = 0;
        foreach (var item in steps.Template)
        {
            if (item is { } special)
            {
                ids.Add(special);
                spans.Add(new ByteSpan(position, position));
            }
            else
            {
                ids.AddRange(_tokens.Ids);
                spans.AddRange(_tokens.Spans);
                position = textLength;
            }
        }

        return new Encoding([.. ids], [.. spans]);
    }
}
