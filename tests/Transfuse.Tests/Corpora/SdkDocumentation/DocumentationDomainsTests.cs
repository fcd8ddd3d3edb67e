using Transfuse.Corpora.SdkDocumentation;

namespace Transfuse.Tests.Corpora.SdkDocumentation;

public sealed class DocumentationDomainsTests
{
    [Theory]
    [InlineData("System.Security.Cryptography.Xml", "security")]
    [InlineData("System.Net.Http.Json", "networking")]
    [InlineData("System.Xml", "data")]
    [InlineData("System.XmlOther", "runtime")]
    [InlineData("Microsoft.AspNetCore.Authentication.Cookies", "security")]
    [InlineData("Microsoft.AspNetCore.AuthenticationOther", "web")]
    [InlineData("Microsoft.Extensions.Identity.Core", "web")]
    [InlineData("Microsoft.Extensions.Logging", "components")]
    [InlineData("System.Runtime", "runtime")]
    [InlineData("System.Runtime.Intrinsics", "intrinsics")]
    public void The_longest_prefix_of_whole_parts_decides(string assembly, string domain) =>
        Assert.Equal(domain, DocumentationDomains.Of(assembly));
}
