namespace Transfuse.Recipes.Keys;

/// <summary>The kinds of values, by name, for declarations of keys.</summary>
internal static class Values
{
    internal static RecipeValue<bool> Flag { get; } = new FlagValue();

    internal static RecipeValue<string> Text { get; } = new TextValue();

    internal static RecipeValue<string> InputPath { get; } = new TextValue(isInput: true);

    internal static RecipeValue<string> Model { get; } = new TextValue(isInput: true, isModel: true);

    internal static RecipeValue<int> Integer(int minimum, int maximum = int.MaxValue) =>
        new IntegerValue<int>(new NumberRange(minimum, maximum == int.MaxValue ? double.PositiveInfinity : maximum));

    internal static RecipeValue<long> LongInteger(long minimum) => new IntegerValue<long>(new NumberRange(minimum));

    internal static RecipeValue<double> Number(NumberRange range) => new NumberValue(range);

    internal static RecipeValue<string> Word(params string[] choices) => new TextValue(choices);

    internal static RecipeValue<TEnum> Choice<TEnum>(char separator = '_')
        where TEnum : struct, Enum => new ChoiceValue<TEnum>(separator);

    internal static RecipeValue<IReadOnlyList<TItem>> List<TItem>(RecipeValue<TItem> item, int minimum = 0) => new ListValue<TItem>(item, minimum);

    internal static RecipeValue<TSection> Section<TSection>(SectionSchema<TSection> schema)
        where TSection : class, new() => new SectionValue<TSection>(schema);

    internal static RecipeValue<T?> Optional<T>(RecipeValue<T> inner)
        where T : class => new OptionalValue<T, T>(inner, value => value, value => value);

    internal static RecipeValue<T?> OptionalNumber<T>(RecipeValue<T> inner)
        where T : struct => new OptionalValue<T, T?>(inner, value => value, value => value!.Value);
}
