using System.Text.Json;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.SentencePiece;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization;

[Trait("Category", "Reference")]
public sealed class TokenizerGoldenTests(ITestOutputHelper output)
{
    public static TheoryData<string> JsonCases => GoldenTexts.CasesWith("tokenizer.json");

    public static TheoryData<string> ModelCases => GoldenTexts.CasesWith("tokenizer.model");

    public static TheoryData<string> RealCases => GoldenTexts.FilesOf("real");

    [GoldenTheory(GoldenTexts.Area)]
    [MemberData(nameof(JsonCases))]
    public void Tokenizer_json_agrees_with_the_original(string name)
    {
        using var golden = GoldenTexts.Read(name, "golden.json");
        Compare(name, golden.RootElement, TokenizerFile.Load(GoldenTexts.Folder(name)));
    }

    [GoldenTheory(GoldenTexts.Area)]
    [MemberData(nameof(ModelCases))]
    public void Sentencepiece_model_agrees_with_the_original(string name)
    {
        using var golden = GoldenTexts.Read(name, "golden.json");
        Compare(name, golden.RootElement, TokenizerFile.Load(Path.Combine(GoldenTexts.Folder(name), "tokenizer.model")));
    }

    [GoldenTheory(GoldenTexts.Area)]
    [MemberData(nameof(RealCases))]
    public void Real_tokenizer_agrees_with_the_original(string name)
    {
        using var golden = GoldenTexts.Read("real", name);
        var root = golden.RootElement;
        var file = Path.Combine(Golden.Data, root.GetProperty("data_files")[0].GetString()!);
        Assert.True(File.Exists(file), $"{name}: its data file {file} is not there");
        Compare(name, root, Load(file, root));
    }

    /// <summary>A note with components means: the model as transformers converts it, in that form.</summary>
    private static Tokenizer Load(string file, JsonElement golden)
    {
        if (!golden.TryGetProperty("note", out var note) || note.ValueKind != JsonValueKind.Object)
        {
            return TokenizerFile.Load(file);
        }

        var model = SentencePieceReader.Read(File.ReadAllBytes(file), file);
        var scheme = note.GetProperty("pre_tokenizer").GetProperty("prepend_scheme").GetString()!;
        var definition = SentencePieceConverter.Convert(model, scheme, mergesByScore: false, addBos: true, addEos: false, file);
        Assert.Equal(note.GetProperty("merges").GetInt32(), ((Transfuse.Tokenization.Bpe.BpeDefinition)definition.Model).Merges.Count);
        return definition.Build(file);
    }

    private void Compare(string name, JsonElement golden, Tokenizer tokenizer)
    {
        var comparison = new GoldenComparison(name);
        IReferenceOffsets offsets;
        if (tokenizer is PipelineTokenizer pipeline)
        {
            using var json = JsonDocument.Parse(TokenizerJsonWriter.Write(pipeline.Definition));
            offsets = new HuggingFaceOffsets(json.RootElement.Clone());
        }
        else
        {
            offsets = new SentencePieceOffsets(((SentencePieceTokenizer)tokenizer).Model);
        }

        comparison.RunTexts(golden, GoldenTexts.Texts(), tokenizer, offsets);
        output.WriteLine(comparison.Report());
        Assert.True(comparison.Failures.Count == 0, comparison.Report());
        Assert.True(comparison.Compared > 0, $"{name}: nothing was compared");
    }
}
