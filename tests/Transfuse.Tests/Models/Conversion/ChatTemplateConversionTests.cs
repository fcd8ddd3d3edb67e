using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Tests.Models.Conversion;

/// <summary>A chat template goes with its model through every conversion.</summary>
public sealed class ChatTemplateConversionTests : IDisposable
{
    private const string Template = "{% for message in messages %}<{{ message.role }}>{{ message.content }}\n{% endfor %}é";
    private readonly CpuDevice _device = new(threads: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_goes_into_gguf_and_back(bool isInConfiguration)
    {
        var folder = WriteFolder(isInConfiguration);
        ModelConversion.ToGguf(folder, _folder["m.gguf"]);
        ModelConversion.ToFolder(_folder["m.gguf"], _folder["back"]);

        Assert.Equal(Template, Only(_folder["m.gguf"]));
        Assert.Equal(Template, Only(_folder["back"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_comes_from_the_gguf_base_of_a_merged_adapter(bool isInConfiguration)
    {
        ModelConversion.ToGguf(WriteFolder(isInConfiguration), _folder["base.gguf"]);
        AdapterMerge.ToFolder(_folder["base.gguf"], [], _folder["merged"], _device);
        AdapterMerge.ToGguf(_folder["base.gguf"], [], _folder["merged.gguf"], _device);

        Assert.Equal(Template, Only(_folder["merged"]));
        Assert.Equal(Template, Only(_folder["merged.gguf"]));
    }

    [Fact]
    public void Named_ones_go_into_a_folder_and_the_usual_one_into_gguf()
    {
        var folder = WriteFolder(isInConfiguration: false);
        _folder.Write("m/additional_chat_templates/tool_use.jinja", "tools"u8.ToArray());
        AdapterMerge.ToFolder(folder, [], _folder["merged"], _device);
        AdapterMerge.ToGguf(folder, [], _folder["merged.gguf"], _device);

        var templates = ChatTemplateFile.ReadAll(_folder["merged"]);
        Assert.Equal((Template, "tools"), (templates["default"], templates["tool_use"]));
        Assert.Equal(Template, Only(_folder["merged.gguf"]));
    }

    [Fact]
    public void A_base_without_tokenizer_is_merged_all_the_same()
    {
        var folder = WriteFolder(isInConfiguration: false);
        File.Delete(Path.Combine(folder, "tokenizer.json"));
        ModelConversion.ToGguf(folder, _folder["base.gguf"]);
        AdapterMerge.ToFolder(_folder["base.gguf"], [], _folder["merged"], _device);

        Assert.False(File.Exists(Path.Combine(_folder["merged"], "tokenizer.json")));
        using var model = PretrainedModel.Load(_folder["merged"], _device);
    }

    private static string Only(string path) => Assert.Single(ChatTemplateFile.ReadAll(path)).Value;

    private string WriteFolder(bool isInConfiguration)
    {
        using (var model = PretrainedModel.Create(TinyModels.Config("llama") with { VocabularySize = 300 }, _device, new RandomStream(7, "init")))
        {
            PretrainedModel.Save(model, _folder["m"]);
        }

        TokenizerFile.Save(BpeTrainer.Train(["The method returns the value."], new BpeTrainerOptions { VocabularySize = 290 }), _folder["m"]);
        if (isInConfiguration)
        {
            var file = Path.Combine(_folder["m"], "tokenizer_config.json");
            var configuration = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!;
            configuration["chat_template"] = Template;
            File.WriteAllText(file, configuration.ToJsonString());
        }
        else
        {
            File.WriteAllText(Path.Combine(_folder["m"], "chat_template.jinja"), Template);
        }

        return _folder["m"];
    }
}
