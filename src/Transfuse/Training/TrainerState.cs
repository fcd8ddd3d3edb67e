namespace Transfuse.Training;

/// <summary>Where a training run stands, besides weights and optimiser moments.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="BestStep">Step of the best validation so far; 0 before the first.</param>
/// <param name="BestLoss">Its loss in nats per token.</param>
/// <param name="Stale">Validations since then.</param>
/// <param name="PredictedTokens">Tokens predicted so far.</param>
/// <param name="Stopped">Whether patience ran out.</param>
public sealed record TrainerState(int Step, int BestStep, double BestLoss, int Stale, long PredictedTokens, bool Stopped)
{
    /// <summary>Before the first step.</summary>
    public static TrainerState Initial { get; } = new(0, 0, double.PositiveInfinity, 0, 0, false);

    /// <summary>Whether the last validation was the best.</summary>
    public bool IsBest => BestStep == Step && Stale == 0;

    /// <summary>The state after a validation at the current step.</summary>
    /// <param name="loss">Validation loss.</param>
    /// <param name="patience">Validations without progress that are borne; 0 for any number.</param>
    public TrainerState AfterValidation(double loss, int patience)
    {
        if (loss < BestLoss)
        {
            return this with { BestStep = Step, BestLoss = loss, Stale = 0 };
        }

        return this with { Stale = Stale + 1, Stopped = patience > 0 && Stale + 1 >= patience };
    }
}
