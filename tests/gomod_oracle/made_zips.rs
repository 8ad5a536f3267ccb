//! Zips made from trees: the package that go itself makes them with chooses the same files, complains in
//! the same words, and writes the same headers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use gomodfetch::spec::module::Version;
use gomodfetch::spec::modzip::{Archive, Inflater, Kind, TreeFile, Writer, choose, hash_zip};

use super::go::Go;
use super::random::Random;

/// How many trees are tried.
const TREES: usize = 3000;

/// Makes a zip of each tree on its standard input (see [`told`]), and prints what came of it: `zip
/// HASH FILE…` or `error TEXT`, with each name, its flags and checksum.
const MAKER: &str = r#"
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

type file struct {
	path    string
	mode    fs.FileMode
	content string
}

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (fs.FileInfo, error)  { return f, nil }
func (f file) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(f.content)), nil }
func (f file) Name() string                 { return f.path }
func (f file) Size() int64                  { return int64(len(f.content)) }
func (f file) Mode() fs.FileMode            { return f.mode }
func (f file) ModTime() time.Time           { return time.Time{} }
func (f file) IsDir() bool                  { return false }
func (f file) Sys() any                     { return nil }

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		fields := strings.Split(in.Text(), "\t")
		var files []modzip.File
		for i := 1; i+2 < len(fields); i += 3 {
			modes := map[string]fs.FileMode{"file": 0644, "link": fs.ModeSymlink, "odd": fs.ModeDevice}
			path, _ := strconv.Unquote(fields[i])
			content, _ := strconv.Unquote(fields[i+2])
			files = append(files, file{path, modes[fields[i+1]], content})
		}
		var out bytes.Buffer
		if err := modzip.Create(&out, module.Version{Path: "example.com/m", Version: fields[0]}, files); err != nil {
			fmt.Printf("error %q\n", err.Error())
			continue
		}
		r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			panic(err)
		}
		fmt.Print("zip")
		for _, f := range r.File {
			fmt.Printf(" %q %d %d %d %d %d", f.Name, f.Flags, f.Method, f.CRC32, f.UncompressedSize64, f.ExternalAttrs)
		}
		fmt.Println()
	}
}
"#;

struct Node {
    path: String,
    kind: Kind,
    content: String,
}

#[test]
fn made_zips() {
    let Some(go) = Go::find("made_zips") else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut random = Random::new(1);
    let trees: Vec<_> = (0..TREES).map(|_| tree(&mut random)).collect();
    let told: String = trees.iter().map(|(version, nodes)| told(version, nodes)).collect();
    fs::write(place.path().join("trees"), told).expect("a writable folder");
    let by_go = made_by_go(&go, place.path());
    let by_go: Vec<&str> = by_go.lines().collect();
    assert_eq!(by_go.len(), TREES);
    assert!(by_go.iter().filter(|line| line.starts_with("zip")).count() > TREES / 4);
    for ((version, nodes), by_go) in trees.iter().zip(by_go) {
        let by_us = made_by_us(version, nodes);
        assert_eq!(by_us, by_go, "{}", self::told(version, nodes));
    }
}

/// A tree in one line: the version, then path, kind and content of each file, tabs between them.
fn told(version: &str, nodes: &[Node]) -> String {
    let mut line = version.to_owned();
    for node in nodes {
        let kind = match node.kind {
            Kind::File => "file",
            Kind::Symlink => "link",
            Kind::Directory | Kind::Irregular => "odd",
        };
        let _ = write!(line, "\t{:?}\t{kind}\t{:?}", node.path, node.content);
    }
    line + "\n"
}

/// What the maker prints, built from the package as it stands in GOROOT.
fn made_by_go(go: &Go, place: &Path) -> String {
    let env = |command: &mut Command| {
        let settings = [("GOPROXY", "off"), ("GOSUMDB", "off"), ("GOTOOLCHAIN", "local")];
        command.envs(settings).env("GOENV", "off").env("GOFLAGS", "").env("GOWORK", "off");
    };
    let mut root = Command::new(go.program());
    env(root.args(["env", "GOROOT"]));
    let root = root.output().expect("go can be run").stdout;
    let root = String::from_utf8(root).expect("a path");
    let package = Path::new(root.trim()).join("src/cmd/vendor/golang.org/x/mod");
    for folder in ["", "zip", "module", "modfile", "semver", "internal/lazyregexp"] {
        let to = place.join("mod").join(folder);
        fs::create_dir_all(&to).expect("a writable folder");
        for entry in fs::read_dir(package.join(folder)).expect("the package that go is built with")
        {
            let entry = entry.expect("a folder's entry");
            if entry.path().is_file() {
                fs::copy(entry.path(), to.join(entry.file_name())).expect("a writable folder");
            }
        }
    }
    let go_mod = "module golang.org/x/mod\n\ngo 1.24\n";
    fs::write(place.join("mod/go.mod"), go_mod).expect("a writable folder");
    let go_mod = "module example.com/maker\n\ngo 1.24\n\nrequire golang.org/x/mod v0.0.0\n\n\
                  replace golang.org/x/mod => ./mod\n";
    fs::write(place.join("go.mod"), go_mod).expect("a writable folder");
    fs::write(place.join("main.go"), MAKER).expect("a writable folder");
    let mut run = Command::new(go.program());
    env(run.args(["run", "."]).current_dir(place));
    let done = run
        .stdin(fs::File::open(place.join("trees")).expect("the trees"))
        .output()
        .expect("go can be run");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

fn made_by_us(version: &str, nodes: &[Node]) -> String {
    let module = Version::new("example.com/m", version);
    let file = |node: &Node| node.path == "go.mod" && node.kind == Kind::File;
    let go_mod = nodes.iter().find(|node| file(node)).map(|node| node.content.as_bytes());
    let tree =
        |node: &'_ Node| (node.path.clone().into_bytes(), node.kind, node.content.len() as u64);
    let tree: Vec<_> = nodes.iter().map(tree).collect();
    let files: Vec<_> =
        tree.iter().map(|(path, kind, size)| TreeFile { path, kind: *kind, size: *size }).collect();
    let chosen = match choose(&module, &files, go_mod) {
        Ok(chosen) => chosen,
        Err(err) => return format!("error {:?}", err.to_string()),
    };
    let mut zip = Writer::new(Vec::new(), &module);
    for index in chosen {
        zip.start(files[index].path, files[index].size).expect("a short name");
        zip.write(nodes[index].content.as_bytes()).expect("as large as told");
    }
    let zip = zip.finish().expect("memory");
    let archive = Archive::open(&zip[..]).expect("a zip");
    hash_zip(&archive, &mut Inflater::exact()).expect("a zip that can be read");
    let mut line = "zip".to_owned();
    for entry in archive.entries() {
        let header = entry.header;
        let name = String::from_utf8_lossy(entry.name);
        let (flags, method, crc, size) =
            (header.flags, header.method, header.crc32, header.uncompressed);
        let _ = write!(line, " {name:?} {flags} {method} {crc} {size} 0");
    }
    line
}

/// A tree of a few files whose names meet the rules again and again.
fn tree(random: &mut Random) -> (&'static str, Vec<Node>) {
    let version =
        random.pick(&["v1.0.0", "v1.0.0", "v1.0.0", "v1.2", "v2.0.0", "v2.0.0+incompatible"]);
    // Most trees break no rule, so that what is left out is seen.
    let hard = random.below(3) == 0;
    let dirs = ["a", "b", "vendor", "pkg", "x.y", "tool", "modules.txt"];
    let odd_dirs = ["A", "..", "", "con", "é", "a ", "~t", ".git"];
    let names =
        ["go.mod", "a.go", "b", "LICENSE", "modules.txt", "README.md", ".hg_archival.txt", "x~"];
    let odd_names =
        ["GO.MOD", "A.go", "Go.mod", "nul.txt", "a:b", "", "license", "ſ", "K", "ß", "b."];
    let mut nodes: Vec<Node> = Vec::new();
    for _ in 0..random.below(12) {
        let mut path = String::new();
        for _ in 0..random.below(4) {
            let odd = hard && random.below(8) == 0;
            path += if odd { random.pick(&odd_dirs) } else { random.pick(&dirs) };
            path += "/";
        }
        let odd = hard && random.below(6) == 0;
        path += if odd { random.pick(&odd_names) } else { random.pick(&names) };
        if !hard && nodes.iter().any(|node| node.path == path) {
            continue;
        }
        let kind = match random.below(10) {
            0 => Kind::Symlink,
            1 => Kind::Irregular,
            _ => Kind::File,
        };
        let go =
            ["", "go 1.23", "go 1.24", "go 1.24.1", "go 1.24rc1", "go 1.25-x", "go x", "go 1.9"];
        let content = match &*path {
            "go.mod" => format!("module example.com/m\n{}\n", random.pick(&go)),
            _ => "content ".repeat(random.below(5)),
        };
        nodes.push(Node { path, kind, content });
    }
    (version, nodes)
}
