namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>A dict: keeps the order of its keys, which compare as in Python (1, 1.0 and True are one key).</summary>
internal sealed class DictValue
{
    private readonly OrderedDictionary<object, object> _entries = new(new KeyComparer());

    /// <summary>Number of entries.</summary>
    internal int Count => _entries.Count;

    /// <summary>The entries in their order.</summary>
    internal IEnumerable<KeyValuePair<object, object>> Entries => _entries;

    /// <summary>The keys in their order.</summary>
    internal IEnumerable<object> Keys => _entries.Keys;

    /// <summary>The value of a key, or null.</summary>
    internal object? Find(object key) => _entries.TryGetValue(key, out var value) ? value : null;

    /// <summary>Sets the value of a key; only while the dict is being built.</summary>
    internal void Set(object key, object value) => _entries[key] = value;

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        bool IEqualityComparer<object>.Equals(object? x, object? y) => PythonComparison.AreEqual(x!, y!);

        public int GetHashCode(object obj) => PythonComparison.Hash(obj);
    }
}
