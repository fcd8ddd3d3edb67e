namespace Transfuse.Evaluation;

/// <summary>Windows that share one forward pass.</summary>
internal sealed class WindowBatch
{
    private readonly List<string> _documents = [];

    internal List<int> Ids { get; } = [];

    internal List<int> Labels { get; } = [];

    internal List<int> Lengths { get; } = [];

    internal int Count => Ids.Count;

    /// <summary>Adds the tokens that a window reads; the label of each is the next token if the window is to predict that, else −1.</summary>
    internal void Add(ReadOnlySpan<int> ids, RollingWindow window, string document)
    {
        for (var i = window.Start; i < window.End - 1; i++)
        {
            Ids.Add(ids[i]);
            Labels.Add(i + 1 >= window.FirstPredicted ? ids[i + 1] : -1);
        }

        Lengths.Add(window.End - 1 - window.Start);
        _documents.Add(document);
    }

    internal string DocumentOf(int row)
    {
        var index = 0;
        for (var end = Lengths[0]; row >= end; end += Lengths[index])
        {
            index++;
        }

        return _documents[index];
    }

    internal void Clear()
    {
        Ids.Clear();
        Labels.Clear();
        Lengths.Clear();
        _documents.Clear();
    }
}
