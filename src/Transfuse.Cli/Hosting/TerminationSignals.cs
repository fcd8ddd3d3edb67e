using System.Runtime.InteropServices;
using Transfuse.Cli.Errors;

namespace Transfuse.Cli.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM: the first asks the command to save its state and end, however long that takes; the second ends the process at once.
/// The parser library's own handling is switched off because it kills a command after two seconds.
/// </summary>
internal sealed class TerminationSignals : ITerminationSource, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action<int> _exit;
    private int _exitCode;

    /// <summary>Begins to listen.</summary>
    /// <param name="exit">Ends the process at once, at the second signal.</param>
    internal TerminationSignals(Action<int> exit)
    {
        _exit = exit;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, ExitCodes.Interrupted)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, ExitCodes.Terminated)),
        ];
    }

    /// <inheritdoc/>
    public CancellationToken Token => _cancellation.Token;

    /// <inheritdoc/>
    public int? ExitCode => Volatile.Read(ref _exitCode) is var code && code == 0 ? null : code;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _cancellation.Dispose();
    }

    private void Handle(PosixSignalContext context, int exitCode)
    {
        context.Cancel = true;
        if (Interlocked.CompareExchange(ref _exitCode, exitCode, 0) != 0)
        {
            _exit(exitCode);
            return;
        }

        _cancellation.Cancel();
    }
}
