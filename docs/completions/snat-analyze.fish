# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_snat_analyze_global_optspecs
    string join \n color= q/quiet v/verbose no-progress config= no-config o/output= force node= n/namespace= sort-by= top= snat= no-snat= profile= ports= outbound-ips= nodes= hold= hold-reset= idle= what-if= since= until= fail-on= rejects= threads= max-bytes= max-entries= max-ratio= max-depth= max-dumps= max-line= h/help V/version
end

function __fish_snat_analyze_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_snat_analyze_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_snat_analyze_using_subcommand
    set -l cmd (__fish_snat_analyze_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -s o -l output -d 'How the report is written, and where: without a path on standard output (repeatable) [default: table]' -r -f -a "table\t'For people: fits the screen'
wide\t'The table with every column and every owner, as wide as it gets'
json\t'For programs: the whole report, with a schema version'
ndjson\t'The same in one object a line, each with its `kind`'
csv\t'The ranking, a row an owner'
markdown\t'For a case: short, details folded'"
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l node -d 'Only this node; the beginning or the end of its name is enough where it is one node\'s' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -s n -l namespace -d 'Only owners of this Kubernetes namespace; ranks and shares stay those of the node' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l sort-by -d 'What the rows are sorted by; ranks stay [default: rank, by ports and hanging connects to what decides]' -r -f -a "connections\t'Connects to public addresses'
rate\t'The same, a second'
article\t'Rows that the manual recipe would count, the column RECIPE'
ports\t'Ports held to the fullest destination at its peak, then to any one destination'"
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l top -d 'Cut the ranking to N owners, in every format; 0 = all [default: what fits the screen in a table, else all]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l snat -d 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l no-snat -d 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l profile -d 'Rules of the NAT: azure-lb-aks, azure-lb, azure-natgw, aws-natgw, gcp-nat, linux-masquerade, or a TOML file like those, which `snat-analyze profiles NAME` prints [default: azure-lb-aks]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l ports -d 'Ports that the node has, where that is known; 0, as Azure prints it, is that nobody set a number [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l outbound-ips -d 'Outbound addresses of the load balancer or the gateway [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l nodes -d 'Nodes that share them [default: what a whole list of nodes says]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l hold -d 'Seconds that a port is held after a close [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l hold-reset -d 'The same after a reset [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l idle -d 'Seconds without traffic after which a connection gives its port back: of those that are open for longer nobody knows whether they hold one [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l what-if -d 'The ledger under the rules of another NAT as well, side by side: a name or a file, as for --profile (repeatable)' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l since -d 'Measure from this second of the trace on; what was opened before is known' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l until -d 'Measure up to this second of the trace' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l fail-on -d 'Exit with 3 where there is a finding so severe or worse, else with 4 where the verdict is cannot-tell' -r -f -a "warning\t'Ports are short or soon will be, or the answer is doubtful'
critical\t'Connects fail'"
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l rejects -d 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l threads -d 'Threads that may be used; the result never depends on it [default: as many as there are cores]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l max-bytes -d 'Bytes of all entries together, unpacked [default: 1TiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l max-entries -d 'Entries of all bundles together [default: 30000]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l max-ratio -d 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l max-depth -d 'Archives in archives [default: 4]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l max-dumps -d 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l max-line -d 'Bytes of one line [default: 1MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -l force -d 'Overwrite files that exist'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -s V -l version -d 'Print version'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "report" -d 'Ranked report: who makes the outbound connections, and what that rests on (the default command)'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "parse" -d 'One dump to rows, as JSON, one a line: what this program understood of it'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "inspect" -d 'The bundle doctor: what is in a bundle, what was cut, what is missing for which step, and how to capture it'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "graph" -d 'The graph from namespaces and addresses over processes, sandboxes and containers to pods, with what each step rests on'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "timeline" -d 'Ports held over time, by destination and owner, against those that there are'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "formats" -d 'What is read: formats, their tools, commands and columns'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "explain" -d 'The page of a finding: what it means, how it is computed, what speaks against it, what to do; without a name all of them'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "profiles" -d 'The built-in rules of NATs; with a name its TOML file, to start one of your own from'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "schema" -d 'JSON Schema of `report -o json`, or of what another command writes'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "completions" -d 'Completions of a shell, on standard output'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "man" -d 'The manual page, or that of a command, on standard output'
complete -c snat-analyze -n "__fish_snat_analyze_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -s o -l output -d 'How the report is written, and where: without a path on standard output (repeatable) [default: table]' -r -f -a "table\t'For people: fits the screen'
wide\t'The table with every column and every owner, as wide as it gets'
json\t'For programs: the whole report, with a schema version'
ndjson\t'The same in one object a line, each with its `kind`'
csv\t'The ranking, a row an owner'
markdown\t'For a case: short, details folded'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l node -d 'Only this node; the beginning or the end of its name is enough where it is one node\'s' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -s n -l namespace -d 'Only owners of this Kubernetes namespace; ranks and shares stay those of the node' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l sort-by -d 'What the rows are sorted by; ranks stay [default: rank, by ports and hanging connects to what decides]' -r -f -a "connections\t'Connects to public addresses'
rate\t'The same, a second'
article\t'Rows that the manual recipe would count, the column RECIPE'
ports\t'Ports held to the fullest destination at its peak, then to any one destination'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l top -d 'Cut the ranking to N owners, in every format; 0 = all [default: what fits the screen in a table, else all]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l snat -d 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l no-snat -d 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l profile -d 'Rules of the NAT: azure-lb-aks, azure-lb, azure-natgw, aws-natgw, gcp-nat, linux-masquerade, or a TOML file like those, which `snat-analyze profiles NAME` prints [default: azure-lb-aks]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l ports -d 'Ports that the node has, where that is known; 0, as Azure prints it, is that nobody set a number [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l outbound-ips -d 'Outbound addresses of the load balancer or the gateway [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l nodes -d 'Nodes that share them [default: what a whole list of nodes says]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l hold -d 'Seconds that a port is held after a close [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l hold-reset -d 'The same after a reset [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l idle -d 'Seconds without traffic after which a connection gives its port back: of those that are open for longer nobody knows whether they hold one [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l what-if -d 'The ledger under the rules of another NAT as well, side by side: a name or a file, as for --profile (repeatable)' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l since -d 'Measure from this second of the trace on; what was opened before is known' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l until -d 'Measure up to this second of the trace' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l fail-on -d 'Exit with 3 where there is a finding so severe or worse, else with 4 where the verdict is cannot-tell' -r -f -a "warning\t'Ports are short or soon will be, or the answer is doubtful'
critical\t'Connects fail'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l rejects -d 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l threads -d 'Threads that may be used; the result never depends on it [default: as many as there are cores]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l max-bytes -d 'Bytes of all entries together, unpacked [default: 1TiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l max-entries -d 'Entries of all bundles together [default: 30000]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l max-ratio -d 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l max-depth -d 'Archives in archives [default: 4]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l max-dumps -d 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l max-line -d 'Bytes of one line [default: 1MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l force -d 'Overwrite files that exist'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l format -d 'The format that it is of [default: told by its content]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -s o -l output -d 'How the rows are written' -r -f -a "ndjson\t'One JSON object a row and line'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l rejects -d 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l max-bytes -d 'Bytes of all entries together, unpacked [default: 1TiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l max-entries -d 'Entries of all bundles together [default: 30000]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l max-ratio -d 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l max-depth -d 'Archives in archives [default: 4]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l max-dumps -d 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l max-line -d 'Bytes of one line [default: 1MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l strict -d 'Exit with 3 where a line could not be read'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l force -d 'Overwrite a file that exists'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand parse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -s o -l output -d 'How it is written, and where: without a path on standard output (repeatable) [default: table]' -r -f -a "table\t'For people'
json\t'For programs'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l node -d 'Only this node; the beginning or the end of its name is enough where it is one node\'s' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l rejects -d 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l threads -d 'Threads that may be used; the result never depends on it [default: as many as there are cores]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l max-bytes -d 'Bytes of all entries together, unpacked [default: 1TiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l max-entries -d 'Entries of all bundles together [default: 30000]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l max-ratio -d 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l max-depth -d 'Archives in archives [default: 4]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l max-dumps -d 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l max-line -d 'Bytes of one line [default: 1MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l force -d 'Overwrite files that exist'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -s o -l output -d 'How the graph is written, and where: without a path on standard output (repeatable) [default: tree]' -r -f -a "tree\t'For people: from each namespace and address to its pod, with the line of each step'
json\t'For programs: vertices and edges'
dot\t'For Graphviz'
mermaid\t'For Markdown pages that draw it'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l node -d 'Only this node; the beginning or the end of its name is enough where it is one node\'s' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l pod -d 'Only the ways through this pod; without its namespace, the pods of that name in every one; the beginning of a name is enough where it is one pod\'s' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l netns -d 'Only the ways through this network namespace' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l rejects -d 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l snat -d 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l no-snat -d 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l threads -d 'Threads that may be used; the result never depends on it [default: as many as there are cores]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l max-bytes -d 'Bytes of all entries together, unpacked [default: 1TiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l max-entries -d 'Entries of all bundles together [default: 30000]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l max-ratio -d 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l max-depth -d 'Archives in archives [default: 4]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l max-dumps -d 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l max-line -d 'Bytes of one line [default: 1MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l force -d 'Overwrite files that exist'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -s o -l output -d 'How it is written, and where: without a path on standard output (repeatable) [default: table]' -r -f -a "table\t'For people: drawn'
json\t'For programs: whole, with a schema version'
csv\t'For spreadsheets and plots: a row for each time, destination and owner'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l node -d 'Only this node' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l top -d 'Destinations in the table, and owners of each; 0 = all [default: 3]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l snat -d 'Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l no-snat -d 'Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l profile -d 'Rules of the NAT: azure-lb-aks, azure-lb, azure-natgw, aws-natgw, gcp-nat, linux-masquerade, or a TOML file like those, which `snat-analyze profiles NAME` prints [default: azure-lb-aks]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l ports -d 'Ports that the node has, where that is known; 0, as Azure prints it, is that nobody set a number [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l outbound-ips -d 'Outbound addresses of the load balancer or the gateway [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l nodes -d 'Nodes that share them [default: what a whole list of nodes says]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l hold -d 'Seconds that a port is held after a close [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l hold-reset -d 'The same after a reset [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l idle -d 'Seconds without traffic after which a connection gives its port back: of those that are open for longer nobody knows whether they hold one [default: by the profile]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l since -d 'Measure from this second of the trace on; what was opened before is known' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l until -d 'Measure up to this second of the trace' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l rejects -d 'Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard error' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l threads -d 'Threads that may be used; the result never depends on it [default: as many as there are cores]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l max-bytes -d 'Bytes of all entries together, unpacked [default: 1TiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l max-entries -d 'Entries of all bundles together [default: 30000]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l max-ratio -d 'Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l max-depth -d 'Archives in archives [default: 4]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l max-dumps -d 'Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l max-line -d 'Bytes of one line [default: 1MiB]' -r
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l force -d 'Overwrite files that exist'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand timeline" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -s o -l output -d 'How the list is written, and where: without a path on standard output (repeatable) [default: table]' -r -f -a "table\t'For people'
json\t'For programs'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -l force -d 'Overwrite files that exist'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand formats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand explain" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand explain" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand explain" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand explain" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand explain" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand explain" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand profiles" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand profiles" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand profiles" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand profiles" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand profiles" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand profiles" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand profiles" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand schema" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand schema" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand schema" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand schema" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand schema" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand schema" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand completions" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand completions" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand completions" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand completions" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand completions" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand completions" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand man" -l color -d 'When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a file or a pipe'
never\t'Not at all'"
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand man" -l config -d 'The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand man" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand man" -s v -l verbose -d 'Say on standard error what will be done, and where each setting comes from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand man" -l no-progress -d 'No progress on the terminal'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand man" -l no-config -d 'Read no configuration file'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "report" -d 'Ranked report: who makes the outbound connections, and what that rests on (the default command)'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "parse" -d 'One dump to rows, as JSON, one a line: what this program understood of it'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "inspect" -d 'The bundle doctor: what is in a bundle, what was cut, what is missing for which step, and how to capture it'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "graph" -d 'The graph from namespaces and addresses over processes, sandboxes and containers to pods, with what each step rests on'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "timeline" -d 'Ports held over time, by destination and owner, against those that there are'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "formats" -d 'What is read: formats, their tools, commands and columns'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "explain" -d 'The page of a finding: what it means, how it is computed, what speaks against it, what to do; without a name all of them'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "profiles" -d 'The built-in rules of NATs; with a name its TOML file, to start one of your own from'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "schema" -d 'JSON Schema of `report -o json`, or of what another command writes'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "completions" -d 'Completions of a shell, on standard output'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "man" -d 'The manual page, or that of a command, on standard output'
complete -c snat-analyze -n "__fish_snat_analyze_using_subcommand help; and not __fish_seen_subcommand_from report parse inspect graph timeline formats explain profiles schema completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
