//! Templates made up at random, by `go list -m -f` and by us: both must write the same, or fail with
//! the same words.

use crate::support::cli::Project;
use crate::support::go::Go;
use crate::support::registry::Registry;
use crate::support::server::Server;

/// Templates that are tried in each run.
const COUNT: u64 = 150;

const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.21

require (
	example.com/a v1.0.0
	example.com/r v1.0.0
)

replace example.com/r v1.0.0 => ./r
-- r/go.mod --
module example.com/r
";

/// A small generator, the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("a small number")
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }
}

fn operand(random: &mut Random, depth: usize) -> String {
    match random.below(if depth > 0 { 14 } else { 12 }) {
        0..=5 => random
            .pick(&[
                ".Path",
                ".Version",
                ".Main",
                ".Indirect",
                ".Versions",
                ".Replace",
                ".Replace.Path",
                ".Time",
                ".Time.Year",
                ".Time.Month",
                ".Update",
                ".Error",
                ".Origin",
                ".GoVersion",
                ".Dir",
                ".Retracted",
                ".String",
                ".Time.Unix",
                ".Nothing",
                ".Query.X",
                ".",
                ".Replace.Version",
                ".Path.X",
            ])
            .to_owned(),
        6 => random.pick(&["$", "$.Path", "$x", "$x.Path", "$v", "$i"]).to_owned(),
        7 | 8 => random
            .pick(&["1", "-7", "0x1F", "2.5", "1e3", "'a'", "true", "false", "nil", "1_000", "3i"])
            .to_owned(),
        9..=11 => random
            .pick(&[
                "\"a\"",
                "\"%v\"",
                "\"%5s|\"",
                "\"%q\"",
                "\"%d %s\"",
                "`raw`",
                "\"2006-01-02\"",
                "\"<&'>\"",
                "\"%T\"",
                "\"%x %[1]v\"",
                "\"%+.3e\"",
                "\"\"",
                "\"v1\"",
                "\"é\\t\"",
            ])
            .to_owned(),
        _ => format!("({})", pipeline(random, depth - 1)),
    }
}

fn command(random: &mut Random, depth: usize) -> String {
    let call = |random: &mut Random, name: &str, least: usize, most: usize| {
        let count = least + random.below(most - least + 1);
        let args: Vec<String> = (0..count).map(|_| operand(random, depth)).collect();
        format!("{name} {}", args.join(" ")).trim_end().to_owned()
    };
    match random.below(10) {
        0..=3 => operand(random, depth),
        4 => {
            let name = random.pick(&["len", "not", "html", "js", "urlquery"]);
            call(random, name, 1, 1)
        }
        5 => {
            let name = random.pick(&["eq", "ne", "lt", "le", "gt", "ge"]);
            call(random, name, 1, 3)
        }
        6 => {
            let name = random.pick(&["and", "or", "print", "println"]);
            call(random, name, 0, 3)
        }
        7 => call(random, "printf", 1, 3),
        8 => {
            let name = random.pick(&["index", "slice", "join", "call"]);
            call(random, name, 1, 3)
        }
        _ => {
            let name =
                random.pick(&[".Time.Format", ".Time.AddDate", ".String", ".Replace.String"]);
            call(random, name, 0, 2)
        }
    }
}

fn pipeline(random: &mut Random, depth: usize) -> String {
    let count = 1 + random.below(2);
    let commands: Vec<String> = (0..count).map(|_| command(random, depth)).collect();
    commands.join(" | ")
}

fn part(random: &mut Random, depth: usize) -> String {
    let open = random.pick(&["{{", "{{", "{{", "{{- "]);
    let close = random.pick(&["}}", "}}", "}}", " -}}"]);
    let inner = |random: &mut Random| match depth {
        0 => "x".to_owned(),
        _ => template(random, depth - 1),
    };
    match random.below(12) {
        0 | 1 => {
            random.pick(&["a", " b\n", "\t", "c ", "{{/* n */}}", "{{/* n */ -}} "]).to_owned()
        }
        2..=6 => format!("{open}{}{close}", pipeline(random, depth)),
        7 => {
            let word = random.pick(&["if", "with"]);
            let condition = pipeline(random, depth);
            let (yes, no) = (inner(random), inner(random));
            match random.below(3) {
                0 => format!("{{{{{word} {condition}}}}}{yes}{{{{end}}}}"),
                1 => format!("{{{{{word} {condition}}}}}{yes}{{{{else}}}}{no}{{{{end}}}}"),
                _ => {
                    let second = pipeline(random, depth);
                    format!(
                        "{{{{{word} {condition}}}}}{yes}{{{{else {word} {second}}}}}{no}{{{{end}}}}"
                    )
                }
            }
        }
        8 => {
            let over = random.pick(&[".Versions", "3", ".Retracted", ".Path", ".", "$i"]);
            let variables = random.pick(&["", "", "$v := ", "$i, $v := "]);
            let body =
                format!("{}{}", inner(random), random.pick(&["", "{{break}}", "{{continue}}"]));
            format!("{{{{range {variables}{over}}}}}{body}{{{{else}}}}none{{{{end}}}}")
        }
        9 => format!("{{{{$x := {}}}}}", pipeline(random, depth)),
        10 => format!("{{{{$x = {}}}}}", pipeline(random, depth)),
        _ => {
            format!("{{{{define \"t\"}}}}{}{{{{end}}}}{{{{template \"t\" .Path}}}}", inner(random))
        }
    }
}

fn template(random: &mut Random, depth: usize) -> String {
    let count = 1 + random.below(3);
    (0..count).map(|_| part(random, depth)).collect()
}

#[test]
fn random_templates() {
    let Some(go) = Go::find("random_templates") else { return };
    let seed = std::env::var("GOMODFETCH_TEMPLATE_SEED").ok().and_then(|seed| seed.parse().ok());
    let count = std::env::var("GOMODFETCH_TEMPLATES").ok().and_then(|n| n.parse().ok());
    let mut random = Random(seed.unwrap_or(0x9e37_79b9_7f4a_7c15));
    let server = Server::http(Registry::from_graph("a v1.0.0\na v1.1.0"));
    let sums = server.registry().whole_go_sum();
    let mut project = Project::new(&format!("{PROJECT}-- go.sum --\n{sums}"));
    project.use_server(&server);
    let mut wrong = Vec::new();
    let (mut written, mut failed) = (0, 0);
    for _ in 0..count.unwrap_or(COUNT) {
        // Half of them begin with a variable, so that not all that use one are mistaken.
        let mut text = random.pick(&["", "{{$x := .}}{{$i := 2}}{{$v := \"v\"}}"]).to_owned();
        text.push_str(&template(&mut random, 2));
        let args = ["list", "-m", "-e", "-versions", "-f", &text, "example.com/a", "example.com/r"];
        let (theirs, ours) = (project.go(&go, args).run(), project.gomodfetch(args).run());
        let same = theirs.status.success() == ours.status.success()
            && theirs.stdout == ours.stdout
            && theirs.stderr == ours.stderr;
        // Addresses are those of another program.
        let has_address = theirs.stdout.contains("0xc0") || theirs.stderr.contains("0xc0");
        if !same && !has_address {
            wrong.push(format!("{text:?}\n{theirs}\n{ours}"));
        }
        if theirs.status.success() { written += 1 } else { failed += 1 }
    }
    assert!(wrong.is_empty(), "{} templates differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(written > 10 && failed > 10, "{written} written, {failed} failed: too much alike");
}
