namespace Transfuse.Pipeline;

/// <summary>Passes reports on in the caller's thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class InlineProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
