using Transfuse.Diagnostics;
using Transfuse.Tensors.Devices;

namespace Transfuse.Pipeline;

/// <summary>What a stage works with.</summary>
/// <param name="Run">Folder of the run.</param>
/// <param name="Device">Where models run.</param>
/// <param name="Metrics">Log of the run.</param>
/// <param name="Progress">Told how far it is.</param>
/// <param name="Time">Clock for rates and heartbeats; never decides a result.</param>
/// <param name="CancellationToken">Ends the run between two units of work.</param>
internal sealed record StageContext(
    RunFolder Run, Device Device, MetricsLog Metrics, IProgress<RunEvent> Progress, TimeProvider Time, CancellationToken CancellationToken);
