namespace Transfuse.Cli.Errors;

/// <summary>What the process answers. Scripts rely on these numbers.</summary>
internal static class ExitCodes
{
    internal const int Done = 0;
    internal const int Unexpected = 1;
    internal const int Usage = 2;
    internal const int RecipeInvalid = 3;
    internal const int InputInvalid = 4;
    internal const int CheckFailed = 5;
    internal const int WouldNotFit = 6;
    internal const int Interrupted = 130;
    internal const int Terminated = 143;
}
