using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Transfuse.Training;

/// <summary>
/// Has batches made ahead of their use by a thread of its own, in order, so that making them (tokenizing, reading stores, joining) overlaps with
/// the computation. What comes does not depend on timing. While it lives, nobody else may ask its source.
/// </summary>
internal sealed class PreparedBatches : IDisposable
{
    private readonly IBatchSource _source;
    private readonly BlockingCollection<TrainingBatch> _ready;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts to make batches.</summary>
    /// <param name="source">Makes them.</param>
    /// <param name="first">Index of the first.</param>
    /// <param name="end">Index after the last.</param>
    /// <param name="ahead">How many may wait to be taken.</param>
    internal PreparedBatches(IBatchSource source, long first, long end, int ahead)
    {
        _source = source;
        _ready = new BlockingCollection<TrainingBatch>(Math.Max(1, ahead));
        _thread = new Thread(() => Prepare(first, end)) { IsBackground = true, Name = "transfuse batches" };
        _thread.Start();
    }

    /// <summary>How often a batch was asked for before it was ready; 1 at the start of training is usual, more says that making batches is what training waits for.</summary>
    internal int Waits { get; private set; }

    /// <summary>The next batch, waiting for it if need be.</summary>
    /// <exception cref="Exception">Whatever the source threw, with its own trace.</exception>
    /// <exception cref="InvalidOperationException">There are no more.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while waiting.</exception>
    internal TrainingBatch Take(CancellationToken cancellationToken)
    {
        if (_ready.TryTake(out var batch))
        {
            return batch;
        }

        Waits++;
        if (_ready.TryTake(out batch, Timeout.Infinite, cancellationToken))
        {
            return batch;
        }

        _failure?.Throw();
        throw new InvalidOperationException("All batches have been taken.");
    }

    /// <summary>Stops making batches and waits until the source is left alone.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        while (_ready.TryTake(out var unused))
        {
            _source.Return(unused);
        }

        _ready.Dispose();
        _stop.Dispose();
    }

    private void Prepare(long first, long end)
    {
        try
        {
            for (var index = first; index < end; index++)
            {
                _ready.Add(_source.Get(index), _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed; what was being made is not wanted any more.
        }
#pragma warning disable CA1031 // The thread that trains rethrows it; here it would end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }
}
