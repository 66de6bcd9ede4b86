
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'snat-analyze' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'snat-analyze'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'snat-analyze' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How the report is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Only this node; the beginning or the end of its name is enough where it is one node''s')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only owners of this Kubernetes namespace; ranks and shares stay those of the node')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only owners of this Kubernetes namespace; ranks and shares stay those of the node')
            [CompletionResult]::new('--sort-by', '--sort-by', [CompletionResultType]::ParameterName, 'What the rows are sorted by; ranks stay [default: rank, by ports and hanging connects to what decides]')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Cut the ranking to N owners, in every format; 0 = all [default: what fits the screen in a table, else all]')
            [CompletionResult]::new('--snat', '--snat', [CompletionResultType]::ParameterName, 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)')
            [CompletionResult]::new('--no-snat', '--no-snat', [CompletionResultType]::ParameterName, 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Rules of the NAT: azure-lb-aks, azure-lb, azure-natgw, aws-natgw, gcp-nat, linux-masquerade, or a TOML file like those, which `snat-analyze profiles NAME` prints [default: azure-lb-aks]')
            [CompletionResult]::new('--ports', '--ports', [CompletionResultType]::ParameterName, 'Ports that the node has, where that is known; 0, as Azure prints it, is that nobody set a number [default: by the profile]')
            [CompletionResult]::new('--outbound-ips', '--outbound-ips', [CompletionResultType]::ParameterName, 'Outbound addresses of the load balancer or the gateway [default: by the profile]')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Nodes that share them [default: what a whole list of nodes says]')
            [CompletionResult]::new('--hold', '--hold', [CompletionResultType]::ParameterName, 'Seconds that a port is held after a close [default: by the profile]')
            [CompletionResult]::new('--hold-reset', '--hold-reset', [CompletionResultType]::ParameterName, 'The same after a reset [default: by the profile]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Seconds without traffic after which a connection gives its port back: of those that are open for longer nobody knows whether they hold one [default: by the profile]')
            [CompletionResult]::new('--what-if', '--what-if', [CompletionResultType]::ParameterName, 'The ledger under the rules of another NAT as well, side by side: a name or a file, as for --profile (repeatable)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Measure from this second of the trace on; what was opened before is known')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Measure up to this second of the trace')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with 3 where there is a finding so severe or worse, else with 4 where the verdict is cannot-tell')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that may be used; the result never depends on it [default: as many as there are cores]')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Bytes of all entries together, unpacked [default: 1TiB]')
            [CompletionResult]::new('--max-entries', '--max-entries', [CompletionResultType]::ParameterName, 'Entries of all bundles together [default: 30000]')
            [CompletionResult]::new('--max-ratio', '--max-ratio', [CompletionResultType]::ParameterName, 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]')
            [CompletionResult]::new('--max-depth', '--max-depth', [CompletionResultType]::ParameterName, 'Archives in archives [default: 4]')
            [CompletionResult]::new('--max-dumps', '--max-dumps', [CompletionResultType]::ParameterName, 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'Bytes of one line [default: 1MiB]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Ranked report: who makes the outbound connections, and what that rests on (the default command)')
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'One dump to rows, as JSON, one a line: what this program understood of it')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'The bundle doctor: what is in a bundle, what was cut, what is missing for which step, and how to capture it')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'The graph from namespaces and addresses over processes, sandboxes and containers to pods, with what each step rests on')
            [CompletionResult]::new('timeline', 'timeline', [CompletionResultType]::ParameterValue, 'Ports held over time, by destination and owner, against those that there are')
            [CompletionResult]::new('formats', 'formats', [CompletionResultType]::ParameterValue, 'What is read: formats, their tools, commands and columns')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'The page of a finding: what it means, how it is computed, what speaks against it, what to do; without a name all of them')
            [CompletionResult]::new('profiles', 'profiles', [CompletionResultType]::ParameterValue, 'The built-in rules of NATs; with a name its TOML file, to start one of your own from')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'JSON Schema of `report -o json`, or of what another command writes')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Completions of a shell, on standard output')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'The manual page, or that of a command, on standard output')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'snat-analyze;report' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How the report is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Only this node; the beginning or the end of its name is enough where it is one node''s')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only owners of this Kubernetes namespace; ranks and shares stay those of the node')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only owners of this Kubernetes namespace; ranks and shares stay those of the node')
            [CompletionResult]::new('--sort-by', '--sort-by', [CompletionResultType]::ParameterName, 'What the rows are sorted by; ranks stay [default: rank, by ports and hanging connects to what decides]')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Cut the ranking to N owners, in every format; 0 = all [default: what fits the screen in a table, else all]')
            [CompletionResult]::new('--snat', '--snat', [CompletionResultType]::ParameterName, 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)')
            [CompletionResult]::new('--no-snat', '--no-snat', [CompletionResultType]::ParameterName, 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Rules of the NAT: azure-lb-aks, azure-lb, azure-natgw, aws-natgw, gcp-nat, linux-masquerade, or a TOML file like those, which `snat-analyze profiles NAME` prints [default: azure-lb-aks]')
            [CompletionResult]::new('--ports', '--ports', [CompletionResultType]::ParameterName, 'Ports that the node has, where that is known; 0, as Azure prints it, is that nobody set a number [default: by the profile]')
            [CompletionResult]::new('--outbound-ips', '--outbound-ips', [CompletionResultType]::ParameterName, 'Outbound addresses of the load balancer or the gateway [default: by the profile]')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Nodes that share them [default: what a whole list of nodes says]')
            [CompletionResult]::new('--hold', '--hold', [CompletionResultType]::ParameterName, 'Seconds that a port is held after a close [default: by the profile]')
            [CompletionResult]::new('--hold-reset', '--hold-reset', [CompletionResultType]::ParameterName, 'The same after a reset [default: by the profile]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Seconds without traffic after which a connection gives its port back: of those that are open for longer nobody knows whether they hold one [default: by the profile]')
            [CompletionResult]::new('--what-if', '--what-if', [CompletionResultType]::ParameterName, 'The ledger under the rules of another NAT as well, side by side: a name or a file, as for --profile (repeatable)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Measure from this second of the trace on; what was opened before is known')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Measure up to this second of the trace')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with 3 where there is a finding so severe or worse, else with 4 where the verdict is cannot-tell')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that may be used; the result never depends on it [default: as many as there are cores]')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Bytes of all entries together, unpacked [default: 1TiB]')
            [CompletionResult]::new('--max-entries', '--max-entries', [CompletionResultType]::ParameterName, 'Entries of all bundles together [default: 30000]')
            [CompletionResult]::new('--max-ratio', '--max-ratio', [CompletionResultType]::ParameterName, 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]')
            [CompletionResult]::new('--max-depth', '--max-depth', [CompletionResultType]::ParameterName, 'Archives in archives [default: 4]')
            [CompletionResult]::new('--max-dumps', '--max-dumps', [CompletionResultType]::ParameterName, 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'Bytes of one line [default: 1MiB]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;parse' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The format that it is of [default: told by its content]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How the rows are written')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the rows are written')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Bytes of all entries together, unpacked [default: 1TiB]')
            [CompletionResult]::new('--max-entries', '--max-entries', [CompletionResultType]::ParameterName, 'Entries of all bundles together [default: 30000]')
            [CompletionResult]::new('--max-ratio', '--max-ratio', [CompletionResultType]::ParameterName, 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]')
            [CompletionResult]::new('--max-depth', '--max-depth', [CompletionResultType]::ParameterName, 'Archives in archives [default: 4]')
            [CompletionResult]::new('--max-dumps', '--max-dumps', [CompletionResultType]::ParameterName, 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'Bytes of one line [default: 1MiB]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 3 where a line could not be read')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite a file that exists')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;inspect' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How it is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How it is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Only this node; the beginning or the end of its name is enough where it is one node''s')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that may be used; the result never depends on it [default: as many as there are cores]')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Bytes of all entries together, unpacked [default: 1TiB]')
            [CompletionResult]::new('--max-entries', '--max-entries', [CompletionResultType]::ParameterName, 'Entries of all bundles together [default: 30000]')
            [CompletionResult]::new('--max-ratio', '--max-ratio', [CompletionResultType]::ParameterName, 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]')
            [CompletionResult]::new('--max-depth', '--max-depth', [CompletionResultType]::ParameterName, 'Archives in archives [default: 4]')
            [CompletionResult]::new('--max-dumps', '--max-dumps', [CompletionResultType]::ParameterName, 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'Bytes of one line [default: 1MiB]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;graph' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How the graph is written, and where: without a path on standard output (repeatable) [default: tree]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the graph is written, and where: without a path on standard output (repeatable) [default: tree]')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Only this node; the beginning or the end of its name is enough where it is one node''s')
            [CompletionResult]::new('--pod', '--pod', [CompletionResultType]::ParameterName, 'Only the ways through this pod; without its namespace, the pods of that name in every one; the beginning of a name is enough where it is one pod''s')
            [CompletionResult]::new('--netns', '--netns', [CompletionResultType]::ParameterName, 'Only the ways through this network namespace')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error')
            [CompletionResult]::new('--snat', '--snat', [CompletionResultType]::ParameterName, 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)')
            [CompletionResult]::new('--no-snat', '--no-snat', [CompletionResultType]::ParameterName, 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that may be used; the result never depends on it [default: as many as there are cores]')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Bytes of all entries together, unpacked [default: 1TiB]')
            [CompletionResult]::new('--max-entries', '--max-entries', [CompletionResultType]::ParameterName, 'Entries of all bundles together [default: 30000]')
            [CompletionResult]::new('--max-ratio', '--max-ratio', [CompletionResultType]::ParameterName, 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]')
            [CompletionResult]::new('--max-depth', '--max-depth', [CompletionResultType]::ParameterName, 'Archives in archives [default: 4]')
            [CompletionResult]::new('--max-dumps', '--max-dumps', [CompletionResultType]::ParameterName, 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'Bytes of one line [default: 1MiB]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;timeline' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How it is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How it is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Only this node')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Destinations in the table, and owners of each; 0 = all [default: 3]')
            [CompletionResult]::new('--snat', '--snat', [CompletionResultType]::ParameterName, 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)')
            [CompletionResult]::new('--no-snat', '--no-snat', [CompletionResultType]::ParameterName, 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Rules of the NAT: azure-lb-aks, azure-lb, azure-natgw, aws-natgw, gcp-nat, linux-masquerade, or a TOML file like those, which `snat-analyze profiles NAME` prints [default: azure-lb-aks]')
            [CompletionResult]::new('--ports', '--ports', [CompletionResultType]::ParameterName, 'Ports that the node has, where that is known; 0, as Azure prints it, is that nobody set a number [default: by the profile]')
            [CompletionResult]::new('--outbound-ips', '--outbound-ips', [CompletionResultType]::ParameterName, 'Outbound addresses of the load balancer or the gateway [default: by the profile]')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Nodes that share them [default: what a whole list of nodes says]')
            [CompletionResult]::new('--hold', '--hold', [CompletionResultType]::ParameterName, 'Seconds that a port is held after a close [default: by the profile]')
            [CompletionResult]::new('--hold-reset', '--hold-reset', [CompletionResultType]::ParameterName, 'The same after a reset [default: by the profile]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Seconds without traffic after which a connection gives its port back: of those that are open for longer nobody knows whether they hold one [default: by the profile]')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Measure from this second of the trace on; what was opened before is known')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Measure up to this second of the trace')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that may be used; the result never depends on it [default: as many as there are cores]')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Bytes of all entries together, unpacked [default: 1TiB]')
            [CompletionResult]::new('--max-entries', '--max-entries', [CompletionResultType]::ParameterName, 'Entries of all bundles together [default: 30000]')
            [CompletionResult]::new('--max-ratio', '--max-ratio', [CompletionResultType]::ParameterName, 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]')
            [CompletionResult]::new('--max-depth', '--max-depth', [CompletionResultType]::ParameterName, 'Archives in archives [default: 4]')
            [CompletionResult]::new('--max-dumps', '--max-dumps', [CompletionResultType]::ParameterName, 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'Bytes of one line [default: 1MiB]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;formats' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How the list is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the list is written, and where: without a path on standard output (repeatable) [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Overwrite files that exist')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;explain' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;profiles' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;schema' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;man' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on standard error what will be done, and where each setting comes from')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'No progress on the terminal')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no configuration file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'snat-analyze;help' {
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Ranked report: who makes the outbound connections, and what that rests on (the default command)')
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'One dump to rows, as JSON, one a line: what this program understood of it')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'The bundle doctor: what is in a bundle, what was cut, what is missing for which step, and how to capture it')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'The graph from namespaces and addresses over processes, sandboxes and containers to pods, with what each step rests on')
            [CompletionResult]::new('timeline', 'timeline', [CompletionResultType]::ParameterValue, 'Ports held over time, by destination and owner, against those that there are')
            [CompletionResult]::new('formats', 'formats', [CompletionResultType]::ParameterValue, 'What is read: formats, their tools, commands and columns')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'The page of a finding: what it means, how it is computed, what speaks against it, what to do; without a name all of them')
            [CompletionResult]::new('profiles', 'profiles', [CompletionResultType]::ParameterValue, 'The built-in rules of NATs; with a name its TOML file, to start one of your own from')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'JSON Schema of `report -o json`, or of what another command writes')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Completions of a shell, on standard output')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'The manual page, or that of a command, on standard output')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'snat-analyze;help;report' {
            break
        }
        'snat-analyze;help;parse' {
            break
        }
        'snat-analyze;help;inspect' {
            break
        }
        'snat-analyze;help;graph' {
            break
        }
        'snat-analyze;help;timeline' {
            break
        }
        'snat-analyze;help;formats' {
            break
        }
        'snat-analyze;help;explain' {
            break
        }
        'snat-analyze;help;profiles' {
            break
        }
        'snat-analyze;help;schema' {
            break
        }
        'snat-analyze;help;completions' {
            break
        }
        'snat-analyze;help;man' {
            break
        }
        'snat-analyze;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
