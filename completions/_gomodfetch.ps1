
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'gomodfetch' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'gomodfetch'
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
        'gomodfetch' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('download', 'download', [CompletionResultType]::ParameterValue, 'Download modules into the module cache')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Print the module graph')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that the modules in the cache are what was downloaded')
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Tell why packages or modules are needed')
            [CompletionResult]::new('prewarm', 'prewarm', [CompletionResultType]::ParameterValue, 'Download what all projects below some folders need')
            [CompletionResult]::new('cache-key', 'cache-key', [CompletionResultType]::ParameterValue, 'Print a key of all that decides what prewarm fetches')
            [CompletionResult]::new('unpack', 'unpack', [CompletionResultType]::ParameterValue, 'Unpack the zips of the module cache')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Tell what is known of modules: versions, updates, retractions, folders')
            [CompletionResult]::new('mirrors', 'mirrors', [CompletionResultType]::ParameterValue, 'Measure module proxies')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Show every setting and where it came from')
            [CompletionResult]::new('mod', 'mod', [CompletionResultType]::ParameterValue, 'go''s names for the commands: `mod download` is `download`')
            [CompletionResult]::new('work', 'work', [CompletionResultType]::ParameterValue, 'go''s names for commands of workspaces: `work vendor`')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the man page (roff)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'gomodfetch;download' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object for each module, as go mod download does')
            [CompletionResult]::new('--reuse', '--reuse', [CompletionResultType]::ParameterName, 'A file with the JSON of an earlier run, as for go')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Zips to transfer at once [default: 128]')
            [CompletionResult]::new('--toolchains', '--toolchains', [CompletionResultType]::ParameterName, 'Also fetch the Go that go would switch to, for these platforms')
            [CompletionResult]::new('--layout', '--layout', [CompletionResultType]::ParameterName, 'What to leave of each module: its zip and its tree, or one of them [default: full]')
            [CompletionResult]::new('--os', '--os', [CompletionResultType]::ParameterName, 'With --needed: only builds for these systems')
            [CompletionResult]::new('--arch', '--arch', [CompletionResultType]::ParameterName, 'With --needed: only builds for these architectures')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'With --needed: only builds with these tags')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--stream', '--stream', [CompletionResultType]::ParameterName, 'With -json: print each object as soon as it is known')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Fail if go.mod or go.sum would have to change')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be fetched, and how much; write nothing')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Ask every source of GOPROXY about a hash that does not fit, and say which agree')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('--needed', '--needed', [CompletionResultType]::ParameterName, 'Only the modules that building packages takes, for all systems and tags')
            [CompletionResult]::new('--tests', '--tests', [CompletionResultType]::ParameterName, 'With --needed: also what testing the packages takes')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;graph' {
            [CompletionResult]::new('--go', '--go', [CompletionResultType]::ParameterName, 'Show the graph as this version of Go would load it')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the graph is shown')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;verify' {
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Check everything in the module cache, in a module or outside of any')
            [CompletionResult]::new('--sumdb', '--sumdb', [CompletionResultType]::ParameterName, 'Hold the cache and go.sum against the checksum database')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Fetch again what is damaged')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;vendor' {
            [CompletionResult]::new('--e', '--e', [CompletionResultType]::ParameterName, 'Go on in spite of packages that can''t be loaded')
            [CompletionResult]::new('--o', '--o', [CompletionResultType]::ParameterName, 'Make this directory in place of vendor')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Only compare the vendor directory with what it should be')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;why' {
            [CompletionResult]::new('--m', '--m', [CompletionResultType]::ParameterName, 'The arguments are modules')
            [CompletionResult]::new('--vendor', '--vendor', [CompletionResultType]::ParameterName, 'Leave out tests of dependencies')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;prewarm' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object for each project')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Zips to transfer at once [default: 128]')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Pass over what this names, in the syntax of .gitignore, from each PATH')
            [CompletionResult]::new('--toolchains', '--toolchains', [CompletionResultType]::ParameterName, 'Also fetch the Go that go would switch to, for these platforms')
            [CompletionResult]::new('--layout', '--layout', [CompletionResultType]::ParameterName, 'What to leave of each module: its zip and its tree, or one of them [default: full]')
            [CompletionResult]::new('--os', '--os', [CompletionResultType]::ParameterName, 'With --needed: only builds for these systems')
            [CompletionResult]::new('--arch', '--arch', [CompletionResultType]::ParameterName, 'With --needed: only builds for these architectures')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'With --needed: only builds with these tags')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Ask every source of GOPROXY about a hash that does not fit, and say which agree')
            [CompletionResult]::new('--needed', '--needed', [CompletionResultType]::ParameterName, 'Only the modules that building packages takes, for all systems and tags')
            [CompletionResult]::new('--tests', '--tests', [CompletionResultType]::ParameterName, 'With --needed: also what testing the packages takes')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;cache-key' {
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Pass over what this names, in the syntax of .gitignore, from each PATH')
            [CompletionResult]::new('--toolchains', '--toolchains', [CompletionResultType]::ParameterName, 'Also fetch the Go that go would switch to, for these platforms')
            [CompletionResult]::new('--layout', '--layout', [CompletionResultType]::ParameterName, 'What to leave of each module: its zip and its tree, or one of them [default: full]')
            [CompletionResult]::new('--os', '--os', [CompletionResultType]::ParameterName, 'With --needed: only builds for these systems')
            [CompletionResult]::new('--arch', '--arch', [CompletionResultType]::ParameterName, 'With --needed: only builds for these architectures')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'With --needed: only builds with these tags')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--needed', '--needed', [CompletionResultType]::ParameterName, 'Only the modules that building packages takes, for all systems and tags')
            [CompletionResult]::new('--tests', '--tests', [CompletionResultType]::ParameterName, 'With --needed: also what testing the packages takes')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;unpack' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object for each module whose zip is in the cache')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;list' {
            [CompletionResult]::new('--m', '--m', [CompletionResultType]::ParameterName, 'List modules, which is what this command does in any case')
            [CompletionResult]::new('--u', '--u', [CompletionResultType]::ParameterName, 'Add newer versions, retractions and deprecations')
            [CompletionResult]::new('--versions', '--versions', [CompletionResultType]::ParameterName, 'Add all versions that there are')
            [CompletionResult]::new('--retracted', '--retracted', [CompletionResultType]::ParameterName, 'Tell of retractions, and let retracted versions count')
            [CompletionResult]::new('--e', '--e', [CompletionResultType]::ParameterName, 'Go on in spite of errors: they are part of the description')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object for each module, perhaps only with these fields')
            [CompletionResult]::new('--f', '--f', [CompletionResultType]::ParameterName, 'Print what a Go template makes of each module')
            [CompletionResult]::new('--mod', '--mod', [CompletionResultType]::ParameterName, '`readonly`, `mod` or `vendor`, as for go')
            [CompletionResult]::new('--reuse', '--reuse', [CompletionResultType]::ParameterName, 'A file with the JSON of an earlier run, as for go')
            [CompletionResult]::new('--compiled', '--compiled', [CompletionResultType]::ParameterName, 'compiled')
            [CompletionResult]::new('--deps', '--deps', [CompletionResultType]::ParameterName, 'deps')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'export')
            [CompletionResult]::new('--find', '--find', [CompletionResultType]::ParameterName, 'find')
            [CompletionResult]::new('--test', '--test', [CompletionResultType]::ParameterName, 'test')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'With -mod=mod: fail if go.mod or go.sum would have to change')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;mirrors' {
            [CompletionResult]::new('--rounds', '--rounds', [CompletionResultType]::ParameterName, 'How often to measure [default: 3]')
            [CompletionResult]::new('--module', '--module', [CompletionResultType]::ParameterName, 'Ask for this module')
            [CompletionResult]::new('--write', '--write', [CompletionResultType]::ParameterName, 'Print only a command that sets GOPROXY to the ranked list')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--known', '--known', [CompletionResultType]::ParameterName, 'Ask the public services that SETTINGS.md lists, too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON: an object for each proxy')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;env' {
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON: name, value, origin and meaning of each')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'gomodfetch;mod' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('download', 'download', [CompletionResultType]::ParameterValue, 'Download modules into the module cache')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Print the module graph')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that the modules in the cache are what was downloaded')
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Tell why packages or modules are needed')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'gomodfetch;mod;download' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object for each module, as go mod download does')
            [CompletionResult]::new('--reuse', '--reuse', [CompletionResultType]::ParameterName, 'A file with the JSON of an earlier run, as for go')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Zips to transfer at once [default: 128]')
            [CompletionResult]::new('--toolchains', '--toolchains', [CompletionResultType]::ParameterName, 'Also fetch the Go that go would switch to, for these platforms')
            [CompletionResult]::new('--layout', '--layout', [CompletionResultType]::ParameterName, 'What to leave of each module: its zip and its tree, or one of them [default: full]')
            [CompletionResult]::new('--os', '--os', [CompletionResultType]::ParameterName, 'With --needed: only builds for these systems')
            [CompletionResult]::new('--arch', '--arch', [CompletionResultType]::ParameterName, 'With --needed: only builds for these architectures')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'With --needed: only builds with these tags')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--stream', '--stream', [CompletionResultType]::ParameterName, 'With -json: print each object as soon as it is known')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Fail if go.mod or go.sum would have to change')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be fetched, and how much; write nothing')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Ask every source of GOPROXY about a hash that does not fit, and say which agree')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('--needed', '--needed', [CompletionResultType]::ParameterName, 'Only the modules that building packages takes, for all systems and tags')
            [CompletionResult]::new('--tests', '--tests', [CompletionResultType]::ParameterName, 'With --needed: also what testing the packages takes')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;mod;graph' {
            [CompletionResult]::new('--go', '--go', [CompletionResultType]::ParameterName, 'Show the graph as this version of Go would load it')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the graph is shown')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;mod;verify' {
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Check everything in the module cache, in a module or outside of any')
            [CompletionResult]::new('--sumdb', '--sumdb', [CompletionResultType]::ParameterName, 'Hold the cache and go.sum against the checksum database')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Fetch again what is damaged')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;mod;vendor' {
            [CompletionResult]::new('--e', '--e', [CompletionResultType]::ParameterName, 'Go on in spite of packages that can''t be loaded')
            [CompletionResult]::new('--o', '--o', [CompletionResultType]::ParameterName, 'Make this directory in place of vendor')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Only compare the vendor directory with what it should be')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;mod;why' {
            [CompletionResult]::new('--m', '--m', [CompletionResultType]::ParameterName, 'The arguments are modules')
            [CompletionResult]::new('--vendor', '--vendor', [CompletionResultType]::ParameterName, 'Leave out tests of dependencies')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;mod;help' {
            [CompletionResult]::new('download', 'download', [CompletionResultType]::ParameterValue, 'Download modules into the module cache')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Print the module graph')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that the modules in the cache are what was downloaded')
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Tell why packages or modules are needed')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'gomodfetch;mod;help;download' {
            break
        }
        'gomodfetch;mod;help;graph' {
            break
        }
        'gomodfetch;mod;help;verify' {
            break
        }
        'gomodfetch;mod;help;vendor' {
            break
        }
        'gomodfetch;mod;help;why' {
            break
        }
        'gomodfetch;mod;help;help' {
            break
        }
        'gomodfetch;work' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'gomodfetch;work;vendor' {
            [CompletionResult]::new('--e', '--e', [CompletionResultType]::ParameterName, 'Go on in spite of packages that can''t be loaded')
            [CompletionResult]::new('--o', '--o', [CompletionResultType]::ParameterName, 'Make this directory in place of vendor')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Only compare the vendor directory with what it should be')
            [CompletionResult]::new('--modfile', '--modfile', [CompletionResultType]::ParameterName, 'Use this file in place of go.mod')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'JSON file that names stand-ins for files')
            [CompletionResult]::new('--modcacherw', '--modcacherw', [CompletionResultType]::ParameterName, 'Leave new directories in the module cache writable')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--x', '--x', [CompletionResultType]::ParameterName, 'Show every request with its status and time')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown [default: a bar on a terminal, else nothing]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--ignore-missing-use', '--ignore-missing-use', [CompletionResultType]::ParameterName, 'Go on without the modules that go.work uses and that are not there')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is downloaded (the same as --progress=plain)')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Say at the end, on stderr, which proxy served how much (so does -x)')
            [CompletionResult]::new('--hints', '--hints', [CompletionResultType]::ParameterName, 'Print advice after errors even where stderr is no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gomodfetch;work;help' {
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'gomodfetch;work;help;vendor' {
            break
        }
        'gomodfetch;work;help;help' {
            break
        }
        'gomodfetch;completions' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'gomodfetch;man' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('--C', '--C', [CompletionResultType]::ParameterName, 'Change to this directory first')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'gomodfetch;help' {
            [CompletionResult]::new('download', 'download', [CompletionResultType]::ParameterValue, 'Download modules into the module cache')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Print the module graph')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that the modules in the cache are what was downloaded')
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Tell why packages or modules are needed')
            [CompletionResult]::new('prewarm', 'prewarm', [CompletionResultType]::ParameterValue, 'Download what all projects below some folders need')
            [CompletionResult]::new('cache-key', 'cache-key', [CompletionResultType]::ParameterValue, 'Print a key of all that decides what prewarm fetches')
            [CompletionResult]::new('unpack', 'unpack', [CompletionResultType]::ParameterValue, 'Unpack the zips of the module cache')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Tell what is known of modules: versions, updates, retractions, folders')
            [CompletionResult]::new('mirrors', 'mirrors', [CompletionResultType]::ParameterValue, 'Measure module proxies')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Show every setting and where it came from')
            [CompletionResult]::new('mod', 'mod', [CompletionResultType]::ParameterValue, 'go''s names for the commands: `mod download` is `download`')
            [CompletionResult]::new('work', 'work', [CompletionResultType]::ParameterValue, 'go''s names for commands of workspaces: `work vendor`')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the man page (roff)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'gomodfetch;help;download' {
            break
        }
        'gomodfetch;help;graph' {
            break
        }
        'gomodfetch;help;verify' {
            break
        }
        'gomodfetch;help;vendor' {
            break
        }
        'gomodfetch;help;why' {
            break
        }
        'gomodfetch;help;prewarm' {
            break
        }
        'gomodfetch;help;cache-key' {
            break
        }
        'gomodfetch;help;unpack' {
            break
        }
        'gomodfetch;help;list' {
            break
        }
        'gomodfetch;help;mirrors' {
            break
        }
        'gomodfetch;help;env' {
            break
        }
        'gomodfetch;help;mod' {
            [CompletionResult]::new('download', 'download', [CompletionResultType]::ParameterValue, 'Download modules into the module cache')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Print the module graph')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that the modules in the cache are what was downloaded')
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Tell why packages or modules are needed')
            break
        }
        'gomodfetch;help;mod;download' {
            break
        }
        'gomodfetch;help;mod;graph' {
            break
        }
        'gomodfetch;help;mod;verify' {
            break
        }
        'gomodfetch;help;mod;vendor' {
            break
        }
        'gomodfetch;help;mod;why' {
            break
        }
        'gomodfetch;help;work' {
            [CompletionResult]::new('vendor', 'vendor', [CompletionResultType]::ParameterValue, 'Make the vendor directory anew, or check it')
            break
        }
        'gomodfetch;help;work;vendor' {
            break
        }
        'gomodfetch;help;completions' {
            break
        }
        'gomodfetch;help;man' {
            break
        }
        'gomodfetch;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
