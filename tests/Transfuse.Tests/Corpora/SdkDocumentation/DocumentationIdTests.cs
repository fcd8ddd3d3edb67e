using Transfuse.Corpora.SdkDocumentation;

namespace Transfuse.Tests.Corpora.SdkDocumentation;

public sealed class DocumentationIdTests
{
    [Theory]
    [InlineData("T:System.Foo.Bar", "System.Foo.Bar", "Bar")]
    [InlineData("T:System.Collections.Generic.List`1", "System.Collections.Generic.List", "List")]
    [InlineData("T:System.Collections.Generic.List`1.Enumerator", "System.Collections.Generic.List.Enumerator", "Enumerator")]
    [InlineData("M:System.Foo.Bar.Baz(System.Int32,System.String)", "System.Foo.Bar", "Bar.Baz")]
    [InlineData("M:System.Foo.Bar`2.Baz``1(``0)", "System.Foo.Bar", "Bar.Baz")]
    [InlineData("M:System.Foo.Bar.#ctor(System.Int32)", "System.Foo.Bar", "Bar")]
    [InlineData("P:System.Foo.Bar.System#Collections#IList#Item(System.Int32)", "System.Foo.Bar", "Bar.Item")]
    [InlineData("F:System.IntPtr.Zero", "System.IntPtr", "IntPtr.Zero")]
    [InlineData("M:System.Foo.op_Implicit(System.Foo)~System.Int32", "System.Foo", "Foo.op_Implicit")]
    [InlineData("Overload:System.Foo.Bar.Baz", "System.Foo.Bar", "Bar.Baz")]
    [InlineData("T:Bar", "Bar", "Bar")]
    [InlineData("N:System.Text", "System.Text", "Text")]
    public void Names_are_read(string id, string type, string readable)
    {
        Assert.Equal(type, DocumentationId.TypeName(id));
        Assert.Equal(readable, DocumentationId.ReadableName(id));
    }
}
