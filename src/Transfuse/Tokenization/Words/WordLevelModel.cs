using Transfuse.Errors;

namespace Transfuse.Tokenization.Words;

/// <summary>A WordLevel model ready to encode.</summary>
internal sealed class WordLevelModel : TokenModel
{
    private readonly WordLevelDefinition _definition;
    private readonly VocabularyTable _table;
    private readonly string _source;
    private readonly int _unknown;

    /// <summary>Indexes a definition.</summary>
    public WordLevelModel(WordLevelDefinition definition, string source)
    {
        _definition = definition;
        _source = source;
        _table = new VocabularyTable(definition.Vocabulary, "");
        _unknown = definition.Vocabulary.GetValueOrDefault(definition.UnknownToken, -1);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, int> Vocabulary => _definition.Vocabulary;

    /// <inheritdoc/>
    public override ModelWorker CreateWorker() => new Worker(this);

    private sealed class Worker(WordLevelModel model) : ModelWorker
    {
        public override void Encode(ReadOnlySpan<byte> piece, int offset, TokenList tokens)
        {
            var id = model._table.Find(piece);
            id = id < 0 ? model._unknown : id;
            if (id < 0)
            {
                throw new TokenizerException(
                    model._source, $"the text has a word outside the vocabulary, and the vocabulary has no '{model._definition.UnknownToken}'.");
            }

            tokens.Add(id, offset, offset + piece.Length);
        }
    }
}
