namespace Transfuse.Tokenization.Patterns;

/// <summary>What an instruction of the matcher does.</summary>
internal enum RegexOpcode
{
    /// <summary>Consumes one scalar of Set.</summary>
    Scalar,

    /// <summary>Consumes X to Y scalars of Set, as many as possible, and may give them back.</summary>
    Run,

    /// <summary>Goes on at X, and at Y if that fails.</summary>
    Fork,

    /// <summary>Goes on at X.</summary>
    Jump,

    /// <summary>Notes the position in slot X.</summary>
    Mark,

    /// <summary>Fails if the position is the one in slot X: an iteration that consumed nothing.</summary>
    RequireProgress,

    /// <summary>Tests the assertion X.</summary>
    Assert,

    /// <summary>Runs the instructions that follow up to their Accept as a look-around or atomic group, then goes on at X; a look-behind starts up to Y scalars back.</summary>
    Nested,

    /// <summary>Consumes what the slots X and X + 1 delimit.</summary>
    Reference,

    /// <summary>The end of the (nested) expression.</summary>
    Accept,
}
