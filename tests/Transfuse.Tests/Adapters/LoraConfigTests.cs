using Transfuse.Adapters;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Adapters;

public sealed class LoraConfigTests
{
    [Fact]
    public void Scales()
    {
        var config = new LoraConfig
        {
            Rank = 4,
            Alpha = 8,
            RankPattern = new Dictionary<string, int>(StringComparer.Ordinal) { ["layers.1.mlp.gate_proj"] = 6, ["q_proj"] = 2 },
            AlphaPattern = new Dictionary<string, double>(StringComparer.Ordinal) { ["v_proj"] = 3 },
        };
        Assert.Equal(2, config.ScaleOf("model.layers.0.mlp.gate_proj"));
        Assert.Equal(8.0 / 6, config.ScaleOf("model.layers.1.mlp.gate_proj"));
        Assert.Equal(4, config.ScaleOf("model.layers.0.self_attn.q_proj"));
        Assert.Equal(0.75, config.ScaleOf("model.layers.0.self_attn.v_proj"));
        Assert.Equal(2, config.ScaleOf("model.layers.0.self_attn.xq_proj"));
        Assert.Equal(4, (config with { IsRankStabilised = true }).ScaleOf("o_proj"));
    }

    [Fact]
    public void Targets_match_the_last_parts_of_a_name_or_the_whole_by_a_pattern()
    {
        var list = new LoraConfig { TargetModules = ["q_proj", "mlp.up_proj"], ModulesToSave = ["norm"] };
        Assert.True(list.Targets("model.layers.0.self_attn.q_proj", isHeadOrEmbedding: false));
        Assert.True(list.Targets("model.layers.0.mlp.up_proj", isHeadOrEmbedding: false));
        Assert.False(list.Targets("model.layers.0.self_attn.xq_proj", isHeadOrEmbedding: false));
        Assert.True(list.Saves("model.norm"));
        Assert.False(list.Saves("model.layers.0.input_layernorm"));
        var pattern = new LoraConfig { TargetPattern = @".*\.[01]\..*_proj" };
        Assert.True(pattern.Targets("model.layers.1.mlp.up_proj", isHeadOrEmbedding: false));
        Assert.False(pattern.Targets("model.layers.2.mlp.up_proj", isHeadOrEmbedding: false));
        var all = new LoraConfig { TargetPattern = LoraConfig.AllLinear };
        Assert.True(all.Targets("x", isHeadOrEmbedding: false));
        Assert.False(all.Targets("lm_head", isHeadOrEmbedding: true));
    }

    [Theory]
    [InlineData("""{"peft_type":"IA3"}""", "peft_type")]
    [InlineData("""{"peft_type":"LORA","bias":"all","target_modules":["q"]}""", "bias")]
    [InlineData("""{"peft_type":"LORA","target_modules":["q"],"layers_to_transform":[1]}""", "layers_to_transform")]
    [InlineData("""{"peft_type":"LORA","target_modules":["q"],"r":0}""", "'r'")]
    [InlineData("""{"peft_type":"LORA"}""", "target_modules")]
    [InlineData("""{"peft_type":"LORA","target_modules":"("}""", "regular expression")]
    [InlineData("""{"peft_type":"LORA","target_modules":["q"],"rank_pattern":{"q":0}}""", "rank")]
    [InlineData("""{"peft_type":"LORA","target_modules":["q"],"alpha_pattern":{"q":"x"}}""", "alpha_pattern.q")]
    [InlineData("""[]""", "object")]
    public void Errors_name_the_key(string json, string inMessage)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[LoraConfigFile.FileName], json);
        var exception = Assert.Throws<ModelFormatException>(() => LoraConfigFile.Load(folder.FullPath));
        Assert.Contains(inMessage, exception.Message, StringComparison.Ordinal);
        Assert.Contains(LoraConfigFile.FileName, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_reads_the_same()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder[LoraConfigFile.FileName],
            """{"peft_type":"LORA","target_modules":"all-linear","r":3,"lora_alpha":2.5,"use_dora":true,"use_rslora":true,"rank_pattern":{"a":2},"mine":[1]}""");
        var config = LoraConfigFile.Load(folder.FullPath);
        LoraConfigFile.Save(config, folder.FullPath);
        var first = File.ReadAllText(folder[LoraConfigFile.FileName]);
        var again = LoraConfigFile.Load(folder.FullPath);
        LoraConfigFile.Save(again, folder.FullPath);
        Assert.Equal(first, File.ReadAllText(folder[LoraConfigFile.FileName]));
        Assert.Equal((3, 2.5, true, true, LoraConfig.AllLinear, 2), (again.Rank, again.Alpha, again.UsesDora, again.IsRankStabilised, again.TargetPattern, again.RankPattern["a"]));
        Assert.Equal("[1]", again.OtherKeys["mine"]);
    }
}
