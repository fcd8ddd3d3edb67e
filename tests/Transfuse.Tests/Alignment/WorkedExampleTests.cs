using Transfuse.Alignment;

namespace Transfuse.Tests.Alignment;

/// <summary>
/// Three small examples worked through the original's functions: one to one with duplicates (A), one target token from two source tokens (B),
/// two from one (C). Probabilities are those after the collator's softmax, to four digits.
/// </summary>
public sealed class WorkedExampleTests
{
    private static readonly WorkedExample A = new(
        "<unk> <s> </s> ▁ ▁The ▁dog ▁ran ▁cat .",
        "The Ġdogs Ġdog Ġcat Ġran Ġrun . <|endoftext|> ĠThe",
        "▁The ▁dog ▁ran",
        "The Ġdog Ġran",
        ["Ġdogs .5, Ġdog .3, Ġcat .2", "Ġran .6, Ġrun .3, . .1", ". .7, <|endoftext|> .2, Ġdog .1"]);

    private static readonly WorkedExample B = new(
        "<unk> <s> </s> ▁ ▁understanding ▁is ▁of . ▁a",
        "under standing Ġis Ġof . Ġa Ġunder Ġstanding stand <|endoftext|>",
        "▁understanding ▁is .",
        "under standing Ġis .",
        ["standing .8, stand .2", "Ġis .5, Ġof .4, . .1", "Ġa .7, . .3", "<|endoftext|> .9, Ġis .1"]);

    private static readonly WorkedExample C = new(
        "<unk> <s> </s> ▁ ▁know ledge ▁is ▁power .",
        "knowledge Ġknowledge Ġis Ġpower . Ġpowerful <|endoftext|>",
        "▁know ledge ▁is ▁power",
        "knowledge Ġis Ġpower",
        ["Ġis .9, . .1", "Ġpower .6, Ġpowerful .4", ". .99, Ġis .01"]);

    [Fact]
    public void Exact_match_drops_what_the_target_does_not_spell_alike()
    {
        A.Expect(A.Exact(), "▁dog .6000, ▁cat .4000", "▁ran .8571, . .1429", ". .8750, ▁dog .1250");
        B.Expect(B.Exact(), "▁understanding 1", "▁a .7, . .3", "▁is 1");
        C.Expect(C.Exact(), "▁know 1", "ledge 1", "▁power 1", ". .99, ▁is .01");
    }

    [Fact]
    public void Least_edit_distance_keeps_the_first_duplicate()
    {
        A.Expect(A.MinEdit(AlignmentOptions.FuseLlmMinEdit), "▁dog .7143, ▁cat .2857", "▁ran .8571, . .1429", ". .7000, <unk> .2000, ▁dog .1000");
        B.Expect(B.MinEdit(AlignmentOptions.FuseLlmMinEdit), "▁understanding 1", "▁a .7, . .3", "<unk> .9, ▁is .1");
        C.Expect(C.MinEdit(AlignmentOptions.FuseLlmMinEdit), "▁is .9, . .1", "▁is .9, . .1", "▁power 1", ". .99, ▁is .01");
    }

    [Fact]
    public void Corrected_least_edit_distance_sums_duplicates_and_maps_the_end_of_text()
    {
        var corrected = AlignmentOptions.FuseLlmMinEdit with { Duplicates = DuplicatePolicy.Sum, MapSpecials = true };
        A.Expect(A.MinEdit(corrected), "▁dog .8, ▁cat .2", "▁ran .9, . .1", ". .7, </s> .2, ▁dog .1");
    }

    [Fact]
    public void FuseChat_takes_the_row_whose_token_ends_where_the_target_token_ends()
    {
        B.Expect(B.FuseChat(), "▁is .5, ▁of .4, . .1", "▁a .7, . .3", "</s> .9, ▁is .1");
        C.Expect(C.FuseChat(), "ledge 1", "▁is .9, . .1", "▁power .6, <unk> .4", ". .99, ▁is .01");
    }

    [Fact]
    public void Byte_boundaries_need_no_heuristic()
    {
        B.Expect(B.Boundary(), "▁is .5, ▁of .4, . .1", "▁a .7, . .3", "</s> .9, ▁is .1");
        C.Expect(C.Boundary(), "", "▁is .9, . .1", "▁power 1", ". .99, ▁is .01");
    }
}
