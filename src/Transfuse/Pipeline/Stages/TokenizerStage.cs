using System.Globalization;
using Transfuse.Diagnostics;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Pipeline.Stages;

/// <summary>Trains a byte-level BPE tokenizer on the text that its model will be trained on.</summary>
internal sealed class TokenizerStage : Stage
{
    /// <summary>Begins and ends every text of a model that is begun anew, as in GPT-NeoX.</summary>
    private const string EndOfText = "<|endoftext|>";

    private readonly string _model;
    private readonly int _vocabulary;
    private readonly CorpusStage _corpus;
    private readonly TrainingText _text;

    internal TokenizerStage(string model, int vocabulary, CorpusStage corpus, TrainingText text)
    {
        _model = model;
        _vocabulary = vocabulary;
        _corpus = corpus;
        _text = text;
    }

    /// <summary>Number of tokens, if the text suffices for as many.</summary>
    internal int Vocabulary => _vocabulary;

    internal override string Name => $"tokenizer {_model}";

    internal override string Folder => $"tokenizers/{_model.Replace('/', '-')}";

    internal override IReadOnlyList<Stage> Inputs => [_corpus];

    internal override string Parameters => string.Create(CultureInfo.InvariantCulture, $"byte-level bpe {_vocabulary} {_text}");

    internal override void Run(StageContext context, string folder)
    {
        var texts = _text.Of(_corpus.Open(context.Run)).Select(document => document.Text);
        var options = new BpeTrainerOptions { VocabularySize = _vocabulary, BosToken = EndOfText, EosToken = EndOfText };
        var tokenizer = BpeTrainer.Train(
            texts,
            options,
            new InlineProgress<RunEvent>(value => context.Progress.Report(value is ProgressEvent progress ? progress with { Stage = Name } : value)),
            context.CancellationToken);
        TokenizerFile.Save(tokenizer, folder);
    }
}
