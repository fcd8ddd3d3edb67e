using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Cli.Tests;

/// <summary>A model folder with random weights and a tokenizer of a few sentences.</summary>
internal static class TinyModel
{
    internal const int Context = 48;
    internal const int Vocabulary = 300;
    internal const int TokenizerVocabulary = 270;
    internal const string EndOfText = "<|endoftext|>";

    private static readonly string[] Sentences =
    [
        "The method returns the value of the property.", "The value is returned by the method of the type.", "Größe und Straße, naïve café.",
    ];

    /// <summary>Writes the folder.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="addBos">Whether the tokenizer begins texts with a token of its own.</param>
    /// <param name="eosIds">Ids that end a text; ids above the vocabulary never come.</param>
    internal static string Write(string folder, bool addBos = false, params int[] eosIds)
    {
        var config = new LlamaConfig
        {
            VocabularySize = Vocabulary,
            HiddenSize = 24,
            IntermediateSize = 40,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeads = 2,
            MaxPositions = Context,
            InitializerRange = 0.3,
            EosIds = eosIds,
        };
        using var device = new CpuDevice(threads: 1);
        using var model = PretrainedModel.Create(config, device, new RandomStream(5, "init"));
        PretrainedModel.Save(model, folder);
        WriteTokenizer(folder, addBos);
        return folder;
    }

    /// <summary>Writes the folder of a T5 with the same tokenizer.</summary>
    internal static string WriteEncoderDecoder(string folder)
    {
        var config = new T5Config
        {
            VocabularySize = Vocabulary,
            HiddenSize = 24,
            HeadDimension = 6,
            IntermediateSize = 40,
            LayerCount = 2,
            DecoderLayerCount = 2,
            HeadCount = 3,
            MaxPositions = 512,
            FeedForward = "gated-gelu",
            EosIds = [1],
        };
        using var device = new CpuDevice(threads: 1);
        using var model = PretrainedModel.CreateEncoderDecoder(config, device, new RandomStream(5, "init"));
        PretrainedModel.Save(model, folder);
        WriteTokenizer(folder, addBos: false);
        return folder;
    }

    private static void WriteTokenizer(string folder, bool addBos) => TokenizerFile.Save(
        BpeTrainer.Train(Sentences, new BpeTrainerOptions { VocabularySize = TokenizerVocabulary, BosToken = EndOfText, AddBos = addBos }), folder);
}
