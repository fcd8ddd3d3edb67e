using System.CommandLine;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Commands;

/// <summary><c>completion</c>: prints the script with which a shell completes commands. The scripts ask <c>transfuse "[suggest:N]" LINE</c>.</summary>
internal sealed class CompletionVerb : Verb
{
    private const string Bash = """
        # transfuse completion for bash. Use: source <(transfuse completion bash)
        _transfuse() {
            local IFS=$'\n'
            local word="${COMP_WORDS[COMP_CWORD]}"
            COMPREPLY=($(compgen -W "$(transfuse "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$word"))
        }
        complete -o default -F _transfuse transfuse

        """;

    private const string Zsh = """
        # transfuse completion for zsh. Use: source <(transfuse completion zsh)
        _transfuse() {
            local -a words_found
            words_found=("${(@f)$(transfuse "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            compadd -- $words_found
            _files
        }
        compdef _transfuse transfuse

        """;

    private const string Fish = """
        # transfuse completion for fish. Use: transfuse completion fish | source
        function _transfuse
            set -l line (commandline -cp)
            transfuse "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null
        end
        complete -c transfuse -a "(_transfuse)"

        """;

    private const string PowerShell = """
        # transfuse completion for PowerShell. Use: transfuse completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName transfuse -ScriptBlock {
            param($word, $ast, $position)
            transfuse "[suggest:$position]" "$ast" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }

        """;

    private readonly Argument<string> _shell = new("shell") { Description = "bash, zsh, fish or pwsh.", HelpName = "shell" };

    internal CompletionVerb()
        : base("completion", "Prints the completion script of a shell.", "source <(transfuse completion bash)")
    {
        _shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        Add(_shell);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        context.Output.Raw(context.Arguments.GetRequiredValue(_shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            _ => PowerShell,
        });
        return ExitCodes.Done;
    }
}
