using System.Diagnostics;
using System.Globalization;
using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Tests.Hosting;

public sealed class TerminationSignalsTests
{
    [Fact]
    public void The_first_signal_cancels_and_the_second_ends_the_process()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var exited = new ManualResetEventSlim();
        var code = 0;
        using var signals = new TerminationSignals(exitCode =>
        {
            code = exitCode;
            exited.Set();
        });
        Assert.Null(signals.ExitCode);

        SendTerminate();
        Assert.True(signals.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)));
        Assert.Equal(143, signals.ExitCode);
        Assert.Equal(0, code);

        SendTerminate();
        Assert.True(exited.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal(143, code);
    }

    private static void SendTerminate()
    {
        using var kill = Process.Start("kill", ["-TERM", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
