using Transfuse.Errors;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Words;

/// <summary>A WordPiece model ready to encode.</summary>
internal sealed class WordPieceModel : TokenModel
{
    private readonly WordPieceDefinition _definition;
    private readonly VocabularyTable _table;
    private readonly VocabularyTable _continuing;
    private readonly int _unknown;

    /// <summary>Indexes a definition.</summary>
    /// <exception cref="TokenizerException">The unknown token is not in the vocabulary.</exception>
    public WordPieceModel(WordPieceDefinition definition, string source)
    {
        _definition = definition;
        _table = new VocabularyTable(definition.Vocabulary, "");
        _continuing = new VocabularyTable(definition.Vocabulary, definition.ContinuingSubwordPrefix);
        _unknown = definition.Vocabulary.TryGetValue(definition.UnknownToken, out var id)
            ? id
            : throw new TokenizerException(source, $"the unknown token '{definition.UnknownToken}' is not in the vocabulary. Add it there.");
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, int> Vocabulary => _definition.Vocabulary;

    /// <inheritdoc/>
    public override ModelWorker CreateWorker() => new Worker(this);

    private sealed class Worker(WordPieceModel model) : ModelWorker
    {
        private readonly List<(int Id, int Start, int End)> _parts = [];

        public override void Encode(ReadOnlySpan<byte> piece, int offset, TokenList tokens)
        {
            if (Utf8.CountScalars(piece) > model._definition.MaximumWordLength || !Spell(piece))
            {
                tokens.Add(model._unknown, offset, offset + piece.Length);
                return;
            }

            foreach (var (id, start, end) in _parts)
            {
                tokens.Add(id, offset + start, offset + end);
            }
        }

        private bool Spell(ReadOnlySpan<byte> piece)
        {
            _parts.Clear();
            for (var start = 0; start < piece.Length;)
            {
                var table = start == 0 ? model._table : model._continuing;
                var end = piece.Length;
                var id = -1;
                while (end > start && (id = table.Find(piece[start..end])) < 0)
                {
                    end = Utf8.Previous(piece, end);
                }

                if (id < 0)
                {
                    return false;
                }

                _parts.Add((id, start, end));
                start = end;
            }

            return true;
        }
    }
}
