
use builtin;
use str;

set edit:completion:arg-completer[gomodfetch] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'gomodfetch'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'gomodfetch'= {
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand download 'Download modules into the module cache'
            cand graph 'Print the module graph'
            cand verify 'Check that the modules in the cache are what was downloaded'
            cand vendor 'Make the vendor directory anew, or check it'
            cand why 'Tell why packages or modules are needed'
            cand prewarm 'Download what all projects below some folders need'
            cand cache-key 'Print a key of all that decides what prewarm fetches'
            cand unpack 'Unpack the zips of the module cache'
            cand list 'Tell what is known of modules: versions, updates, retractions, folders'
            cand mirrors 'Measure module proxies'
            cand env 'Show every setting and where it came from'
            cand mod 'go''s names for the commands: `mod download` is `download`'
            cand work 'go''s names for commands of workspaces: `work vendor`'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the man page (roff)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'gomodfetch;download'= {
            cand --json 'Print a JSON object for each module, as go mod download does'
            cand --reuse 'A file with the JSON of an earlier run, as for go'
            cand --jobs 'Zips to transfer at once [default: 128]'
            cand --toolchains 'Also fetch the Go that go would switch to, for these platforms'
            cand --layout 'What to leave of each module: its zip and its tree, or one of them [default: full]'
            cand --os 'With --needed: only builds for these systems'
            cand --arch 'With --needed: only builds for these architectures'
            cand --tags 'With --needed: only builds with these tags'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --stream 'With -json: print each object as soon as it is known'
            cand --locked 'Fail if go.mod or go.sum would have to change'
            cand --dry-run 'Say what would be fetched, and how much; write nothing'
            cand --explain 'Ask every source of GOPROXY about a hash that does not fit, and say which agree'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand --needed 'Only the modules that building packages takes, for all systems and tags'
            cand --tests 'With --needed: also what testing the packages takes'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;graph'= {
            cand --go 'Show the graph as this version of Go would load it'
            cand --format 'How the graph is shown'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;verify'= {
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --cache 'Check everything in the module cache, in a module or outside of any'
            cand --sumdb 'Hold the cache and go.sum against the checksum database'
            cand --repair 'Fetch again what is damaged'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;vendor'= {
            cand --e 'Go on in spite of packages that can''t be loaded'
            cand --o 'Make this directory in place of vendor'
            cand --check 'Only compare the vendor directory with what it should be'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;why'= {
            cand --m 'The arguments are modules'
            cand --vendor 'Leave out tests of dependencies'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;prewarm'= {
            cand --json 'Print a JSON object for each project'
            cand --jobs 'Zips to transfer at once [default: 128]'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand --exclude 'Pass over what this names, in the syntax of .gitignore, from each PATH'
            cand --toolchains 'Also fetch the Go that go would switch to, for these platforms'
            cand --layout 'What to leave of each module: its zip and its tree, or one of them [default: full]'
            cand --os 'With --needed: only builds for these systems'
            cand --arch 'With --needed: only builds for these architectures'
            cand --tags 'With --needed: only builds with these tags'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --explain 'Ask every source of GOPROXY about a hash that does not fit, and say which agree'
            cand --needed 'Only the modules that building packages takes, for all systems and tags'
            cand --tests 'With --needed: also what testing the packages takes'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;cache-key'= {
            cand --exclude 'Pass over what this names, in the syntax of .gitignore, from each PATH'
            cand --toolchains 'Also fetch the Go that go would switch to, for these platforms'
            cand --layout 'What to leave of each module: its zip and its tree, or one of them [default: full]'
            cand --os 'With --needed: only builds for these systems'
            cand --arch 'With --needed: only builds for these architectures'
            cand --tags 'With --needed: only builds with these tags'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --needed 'Only the modules that building packages takes, for all systems and tags'
            cand --tests 'With --needed: also what testing the packages takes'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;unpack'= {
            cand --json 'Print a JSON object for each module whose zip is in the cache'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;list'= {
            cand --m 'List modules, which is what this command does in any case'
            cand --u 'Add newer versions, retractions and deprecations'
            cand --versions 'Add all versions that there are'
            cand --retracted 'Tell of retractions, and let retracted versions count'
            cand --e 'Go on in spite of errors: they are part of the description'
            cand --json 'Print a JSON object for each module, perhaps only with these fields'
            cand --f 'Print what a Go template makes of each module'
            cand --mod '`readonly`, `mod` or `vendor`, as for go'
            cand --reuse 'A file with the JSON of an earlier run, as for go'
            cand --compiled 'compiled'
            cand --deps 'deps'
            cand --export 'export'
            cand --find 'find'
            cand --test 'test'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --locked 'With -mod=mod: fail if go.mod or go.sum would have to change'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;mirrors'= {
            cand --rounds 'How often to measure [default: 3]'
            cand --module 'Ask for this module'
            cand --write 'Print only a command that sets GOPROXY to the ranked list'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --known 'Ask the public services that SETTINGS.md lists, too'
            cand --json 'Print JSON: an object for each proxy'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;env'= {
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --json 'Print JSON: name, value, origin and meaning of each'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'gomodfetch;mod'= {
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand -h 'Print help'
            cand --help 'Print help'
            cand download 'Download modules into the module cache'
            cand graph 'Print the module graph'
            cand verify 'Check that the modules in the cache are what was downloaded'
            cand vendor 'Make the vendor directory anew, or check it'
            cand why 'Tell why packages or modules are needed'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'gomodfetch;mod;download'= {
            cand --json 'Print a JSON object for each module, as go mod download does'
            cand --reuse 'A file with the JSON of an earlier run, as for go'
            cand --jobs 'Zips to transfer at once [default: 128]'
            cand --toolchains 'Also fetch the Go that go would switch to, for these platforms'
            cand --layout 'What to leave of each module: its zip and its tree, or one of them [default: full]'
            cand --os 'With --needed: only builds for these systems'
            cand --arch 'With --needed: only builds for these architectures'
            cand --tags 'With --needed: only builds with these tags'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --stream 'With -json: print each object as soon as it is known'
            cand --locked 'Fail if go.mod or go.sum would have to change'
            cand --dry-run 'Say what would be fetched, and how much; write nothing'
            cand --explain 'Ask every source of GOPROXY about a hash that does not fit, and say which agree'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand --needed 'Only the modules that building packages takes, for all systems and tags'
            cand --tests 'With --needed: also what testing the packages takes'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;mod;graph'= {
            cand --go 'Show the graph as this version of Go would load it'
            cand --format 'How the graph is shown'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;mod;verify'= {
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --cache 'Check everything in the module cache, in a module or outside of any'
            cand --sumdb 'Hold the cache and go.sum against the checksum database'
            cand --repair 'Fetch again what is damaged'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;mod;vendor'= {
            cand --e 'Go on in spite of packages that can''t be loaded'
            cand --o 'Make this directory in place of vendor'
            cand --check 'Only compare the vendor directory with what it should be'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;mod;why'= {
            cand --m 'The arguments are modules'
            cand --vendor 'Leave out tests of dependencies'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;mod;help'= {
            cand download 'Download modules into the module cache'
            cand graph 'Print the module graph'
            cand verify 'Check that the modules in the cache are what was downloaded'
            cand vendor 'Make the vendor directory anew, or check it'
            cand why 'Tell why packages or modules are needed'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'gomodfetch;mod;help;download'= {
        }
        &'gomodfetch;mod;help;graph'= {
        }
        &'gomodfetch;mod;help;verify'= {
        }
        &'gomodfetch;mod;help;vendor'= {
        }
        &'gomodfetch;mod;help;why'= {
        }
        &'gomodfetch;mod;help;help'= {
        }
        &'gomodfetch;work'= {
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand -h 'Print help'
            cand --help 'Print help'
            cand vendor 'Make the vendor directory anew, or check it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'gomodfetch;work;vendor'= {
            cand --e 'Go on in spite of packages that can''t be loaded'
            cand --o 'Make this directory in place of vendor'
            cand --check 'Only compare the vendor directory with what it should be'
            cand --modfile 'Use this file in place of go.mod'
            cand --overlay 'JSON file that names stand-ins for files'
            cand --modcacherw 'Leave new directories in the module cache writable'
            cand -x 'Show every request with its status and time'
            cand --x 'Show every request with its status and time'
            cand --progress 'How progress is shown [default: a bar on a terminal, else nothing]'
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand --ignore-missing-use 'Go on without the modules that go.work uses and that are not there'
            cand -v 'Say what is downloaded (the same as --progress=plain)'
            cand --verbose 'Say what is downloaded (the same as --progress=plain)'
            cand --summary 'Say at the end, on stderr, which proxy served how much (so does -x)'
            cand --hints 'Print advice after errors even where stderr is no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gomodfetch;work;help'= {
            cand vendor 'Make the vendor directory anew, or check it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'gomodfetch;work;help;vendor'= {
        }
        &'gomodfetch;work;help;help'= {
        }
        &'gomodfetch;completions'= {
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'gomodfetch;man'= {
            cand -C 'Change to this directory first'
            cand --C 'Change to this directory first'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'gomodfetch;help'= {
            cand download 'Download modules into the module cache'
            cand graph 'Print the module graph'
            cand verify 'Check that the modules in the cache are what was downloaded'
            cand vendor 'Make the vendor directory anew, or check it'
            cand why 'Tell why packages or modules are needed'
            cand prewarm 'Download what all projects below some folders need'
            cand cache-key 'Print a key of all that decides what prewarm fetches'
            cand unpack 'Unpack the zips of the module cache'
            cand list 'Tell what is known of modules: versions, updates, retractions, folders'
            cand mirrors 'Measure module proxies'
            cand env 'Show every setting and where it came from'
            cand mod 'go''s names for the commands: `mod download` is `download`'
            cand work 'go''s names for commands of workspaces: `work vendor`'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the man page (roff)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'gomodfetch;help;download'= {
        }
        &'gomodfetch;help;graph'= {
        }
        &'gomodfetch;help;verify'= {
        }
        &'gomodfetch;help;vendor'= {
        }
        &'gomodfetch;help;why'= {
        }
        &'gomodfetch;help;prewarm'= {
        }
        &'gomodfetch;help;cache-key'= {
        }
        &'gomodfetch;help;unpack'= {
        }
        &'gomodfetch;help;list'= {
        }
        &'gomodfetch;help;mirrors'= {
        }
        &'gomodfetch;help;env'= {
        }
        &'gomodfetch;help;mod'= {
            cand download 'Download modules into the module cache'
            cand graph 'Print the module graph'
            cand verify 'Check that the modules in the cache are what was downloaded'
            cand vendor 'Make the vendor directory anew, or check it'
            cand why 'Tell why packages or modules are needed'
        }
        &'gomodfetch;help;mod;download'= {
        }
        &'gomodfetch;help;mod;graph'= {
        }
        &'gomodfetch;help;mod;verify'= {
        }
        &'gomodfetch;help;mod;vendor'= {
        }
        &'gomodfetch;help;mod;why'= {
        }
        &'gomodfetch;help;work'= {
            cand vendor 'Make the vendor directory anew, or check it'
        }
        &'gomodfetch;help;work;vendor'= {
        }
        &'gomodfetch;help;completions'= {
        }
        &'gomodfetch;help;man'= {
        }
        &'gomodfetch;help;help'= {
        }
    ]
    $completions[$command]
}
