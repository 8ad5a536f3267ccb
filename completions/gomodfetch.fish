# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gomodfetch_global_optspecs
    string join \n C/C= h/help V/version
end

function __fish_gomodfetch_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gomodfetch_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gomodfetch_using_subcommand
    set -l cmd (__fish_gomodfetch_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -s h -l help -d 'Print help'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -s V -l version -d 'Print version'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "download" -d 'Download modules into the module cache'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "graph" -d 'Print the module graph'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "verify" -d 'Check that the modules in the cache are what was downloaded'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "why" -d 'Tell why packages or modules are needed'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "prewarm" -d 'Download what all projects below some folders need'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "cache-key" -d 'Print a key of all that decides what prewarm fetches'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "unpack" -d 'Unpack the zips of the module cache'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "list" -d 'Tell what is known of modules: versions, updates, retractions, folders'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "mirrors" -d 'Measure module proxies'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "env" -d 'Show every setting and where it came from'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "mod" -d 'go\'s names for the commands: `mod download` is `download`'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "work" -d 'go\'s names for commands of workspaces: `work vendor`'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "man" -d 'Print the man page (roff)'
complete -c gomodfetch -n "__fish_gomodfetch_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l json -d 'Print a JSON object for each module, as go mod download does' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l reuse -d 'A file with the JSON of an earlier run, as for go' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l jobs -d 'Zips to transfer at once [default: 128]' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l toolchains -d 'Also fetch the Go that go would switch to, for these platforms' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l layout -d 'What to leave of each module: its zip and its tree, or one of them [default: full]' -r -f -a "full\t''
zips\t''
trees\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l os -d 'With --needed: only builds for these systems' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l arch -d 'With --needed: only builds for these architectures' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l tags -d 'With --needed: only builds with these tags' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l stream -d 'With -json: print each object as soon as it is known'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l locked -d 'Fail if go.mod or go.sum would have to change'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l dry-run -d 'Say what would be fetched, and how much; write nothing'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l explain -d 'Ask every source of GOPROXY about a hash that does not fit, and say which agree'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l needed -d 'Only the modules that building packages takes, for all systems and tags'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l tests -d 'With --needed: also what testing the packages takes'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand download" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l go -d 'Show the graph as this version of Go would load it' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l format -d 'How the graph is shown' -r -f -a "go\t''
dot\t''
json\t''
tree\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l cache -d 'Check everything in the module cache, in a module or outside of any'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l sumdb -d 'Hold the cache and go.sum against the checksum database'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l repair -d 'Fetch again what is damaged'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l e -d 'Go on in spite of packages that can\'t be loaded' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l o -d 'Make this directory in place of vendor' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l check -d 'Only compare the vendor directory with what it should be' -r -f -a "modules\t''
content\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand vendor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l m -d 'The arguments are modules' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l vendor -d 'Leave out tests of dependencies' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l json -d 'Print a JSON object for each project' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l jobs -d 'Zips to transfer at once [default: 128]' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l exclude -d 'Pass over what this names, in the syntax of .gitignore, from each PATH' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l toolchains -d 'Also fetch the Go that go would switch to, for these platforms' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l layout -d 'What to leave of each module: its zip and its tree, or one of them [default: full]' -r -f -a "full\t''
zips\t''
trees\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l os -d 'With --needed: only builds for these systems' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l arch -d 'With --needed: only builds for these architectures' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l tags -d 'With --needed: only builds with these tags' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l explain -d 'Ask every source of GOPROXY about a hash that does not fit, and say which agree'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l needed -d 'Only the modules that building packages takes, for all systems and tags'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l tests -d 'With --needed: also what testing the packages takes'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand prewarm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l exclude -d 'Pass over what this names, in the syntax of .gitignore, from each PATH' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l toolchains -d 'Also fetch the Go that go would switch to, for these platforms' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l layout -d 'What to leave of each module: its zip and its tree, or one of them [default: full]' -r -f -a "full\t''
zips\t''
trees\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l os -d 'With --needed: only builds for these systems' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l arch -d 'With --needed: only builds for these architectures' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l tags -d 'With --needed: only builds with these tags' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l needed -d 'Only the modules that building packages takes, for all systems and tags'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l tests -d 'With --needed: also what testing the packages takes'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand cache-key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -l json -d 'Print a JSON object for each module whose zip is in the cache' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand unpack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l m -d 'List modules, which is what this command does in any case' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l u -d 'Add newer versions, retractions and deprecations' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l versions -d 'Add all versions that there are' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l retracted -d 'Tell of retractions, and let retracted versions count' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l e -d 'Go on in spite of errors: they are part of the description' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l json -d 'Print a JSON object for each module, perhaps only with these fields' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l f -d 'Print what a Go template makes of each module' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l mod -d '`readonly`, `mod` or `vendor`, as for go' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l reuse -d 'A file with the JSON of an earlier run, as for go' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l compiled -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l deps -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l export -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l find -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l test -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l locked -d 'With -mod=mod: fail if go.mod or go.sum would have to change'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l rounds -d 'How often to measure [default: 3]' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l module -d 'Ask for this module' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l write -d 'Print only a command that sets GOPROXY to the ranked list' -r -f -a "go\t''
shell\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l known -d 'Ask the public services that SETTINGS.md lists, too'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l json -d 'Print JSON: an object for each proxy'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mirrors" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -l json -d 'Print JSON: name, value, origin and meaning of each'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand env" -s h -l help -d 'Print help'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -s h -l help -d 'Print help'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -f -a "download" -d 'Download modules into the module cache'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -f -a "graph" -d 'Print the module graph'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -f -a "verify" -d 'Check that the modules in the cache are what was downloaded'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -f -a "why" -d 'Tell why packages or modules are needed'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and not __fish_seen_subcommand_from download graph verify vendor why help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l json -d 'Print a JSON object for each module, as go mod download does' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l reuse -d 'A file with the JSON of an earlier run, as for go' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l jobs -d 'Zips to transfer at once [default: 128]' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l toolchains -d 'Also fetch the Go that go would switch to, for these platforms' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l layout -d 'What to leave of each module: its zip and its tree, or one of them [default: full]' -r -f -a "full\t''
zips\t''
trees\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l os -d 'With --needed: only builds for these systems' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l arch -d 'With --needed: only builds for these architectures' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l tags -d 'With --needed: only builds with these tags' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l stream -d 'With -json: print each object as soon as it is known'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l locked -d 'Fail if go.mod or go.sum would have to change'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l dry-run -d 'Say what would be fetched, and how much; write nothing'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l explain -d 'Ask every source of GOPROXY about a hash that does not fit, and say which agree'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l needed -d 'Only the modules that building packages takes, for all systems and tags'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l tests -d 'With --needed: also what testing the packages takes'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from download" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l go -d 'Show the graph as this version of Go would load it' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l format -d 'How the graph is shown' -r -f -a "go\t''
dot\t''
json\t''
tree\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l cache -d 'Check everything in the module cache, in a module or outside of any'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l sumdb -d 'Hold the cache and go.sum against the checksum database'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l repair -d 'Fetch again what is damaged'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l e -d 'Go on in spite of packages that can\'t be loaded' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l o -d 'Make this directory in place of vendor' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l check -d 'Only compare the vendor directory with what it should be' -r -f -a "modules\t''
content\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from vendor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l m -d 'The arguments are modules' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l vendor -d 'Leave out tests of dependencies' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from help" -f -a "download" -d 'Download modules into the module cache'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from help" -f -a "graph" -d 'Print the module graph'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check that the modules in the cache are what was downloaded'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from help" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from help" -f -a "why" -d 'Tell why packages or modules are needed'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand mod; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and not __fish_seen_subcommand_from vendor help" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and not __fish_seen_subcommand_from vendor help" -s h -l help -d 'Print help'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and not __fish_seen_subcommand_from vendor help" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and not __fish_seen_subcommand_from vendor help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l e -d 'Go on in spite of packages that can\'t be loaded' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l o -d 'Make this directory in place of vendor' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l check -d 'Only compare the vendor directory with what it should be' -r -f -a "modules\t''
content\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l modfile -d 'Use this file in place of go.mod' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l overlay -d 'JSON file that names stand-ins for files' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l modcacherw -d 'Leave new directories in the module cache writable' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -s x -l x -d 'Show every request with its status and time' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l progress -d 'How progress is shown [default: a bar on a terminal, else nothing]' -r -f -a "auto\t''
bar\t''
plain\t''
none\t''"
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l ignore-missing-use -d 'Go on without the modules that go.work uses and that are not there'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -s v -l verbose -d 'Say what is downloaded (the same as --progress=plain)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l summary -d 'Say at the end, on stderr, which proxy served how much (so does -x)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -l hints -d 'Print advice after errors even where stderr is no terminal'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from vendor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from help" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand work; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand completions" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand completions" -s h -l help -d 'Print help'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand man" -s C -l C -d 'Change to this directory first' -r
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand man" -s h -l help -d 'Print help'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "download" -d 'Download modules into the module cache'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "graph" -d 'Print the module graph'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "verify" -d 'Check that the modules in the cache are what was downloaded'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "why" -d 'Tell why packages or modules are needed'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "prewarm" -d 'Download what all projects below some folders need'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "cache-key" -d 'Print a key of all that decides what prewarm fetches'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "unpack" -d 'Unpack the zips of the module cache'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "list" -d 'Tell what is known of modules: versions, updates, retractions, folders'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "mirrors" -d 'Measure module proxies'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "env" -d 'Show every setting and where it came from'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "mod" -d 'go\'s names for the commands: `mod download` is `download`'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "work" -d 'go\'s names for commands of workspaces: `work vendor`'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "man" -d 'Print the man page (roff)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and not __fish_seen_subcommand_from download graph verify vendor why prewarm cache-key unpack list mirrors env mod work completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and __fish_seen_subcommand_from mod" -f -a "download" -d 'Download modules into the module cache'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and __fish_seen_subcommand_from mod" -f -a "graph" -d 'Print the module graph'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and __fish_seen_subcommand_from mod" -f -a "verify" -d 'Check that the modules in the cache are what was downloaded'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and __fish_seen_subcommand_from mod" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and __fish_seen_subcommand_from mod" -f -a "why" -d 'Tell why packages or modules are needed'
complete -c gomodfetch -n "__fish_gomodfetch_using_subcommand help; and __fish_seen_subcommand_from work" -f -a "vendor" -d 'Make the vendor directory anew, or check it'
