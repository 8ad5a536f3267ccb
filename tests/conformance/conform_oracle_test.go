// Added to package cmd/go's tests by run-conformance. With CONFORM_ORACLE set
// to a go command, every routed call is first made with that go on a copy of
// the script's $WORK, mounted at the same path in a mount namespace; then
// exit status, output and the files left behind are compared.

package main_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"cmd/internal/script"
)

type conformOracle struct {
	work   string // the script's $WORK
	copy   string // where the oracle's $WORK really is
	args   []string
	exit   int
	stdout string
	stderr string
}

// runConformOracle makes the call with the oracle; nil if there is none.
func runConformOracle(ctx context.Context, s *script.State, args, env []string, limit time.Duration) (*conformOracle, error) {
	goBin := os.Getenv("CONFORM_ORACLE")
	if goBin == "" {
		return nil, nil
	}
	if v, _ := s.LookupEnv("TESTGO_VERSION"); v != "" {
		goBin = testGo // only the test go pretends to be another version
	}
	work, _ := s.LookupEnv("WORK")
	if rel, err := filepath.Rel(work, s.Getwd()); err != nil || strings.HasPrefix(rel, "..") {
		return nil, nil // e.g. in GOROOT: nothing to isolate it with
	}
	dir, err := os.MkdirTemp(testTmpDir, "conform-oracle-")
	if err != nil {
		return nil, err
	}
	o := &conformOracle{args: args, work: work, copy: filepath.Join(dir, "work")}
	if out, err := exec.Command("cp", "-a", work, o.copy).CombinedOutput(); err != nil {
		o.close()
		return nil, fmt.Errorf("%v: %s", err, out)
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		o.close()
		return nil, err
	}
	flags := "-m"
	if os.Geteuid() != 0 {
		flags = "-Urm"
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	const sh = `mount --bind "$1" "$2" && cd "$3" && shift 3 && exec "$@"; exit 111`
	cmd := exec.CommandContext(ctx, unshare, append([]string{flags, "/bin/sh", "-c", sh, "sh",
		o.copy, work, s.Getwd(), goBin}, args...)...)
	cmd.Dir, cmd.Env = s.Getwd(), env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	err = cmd.Run()
	if exitErr := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exitErr) || cmd.ProcessState.ExitCode() == 111 {
		o.close()
		return nil, fmt.Errorf("conform: oracle: %v: %s", err, stderr.String())
	}
	o.exit, o.stdout, o.stderr = cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
	return o, nil
}

func (o *conformOracle) close() { removeAll(filepath.Dir(o.copy)) }

// compare returns what differs between the oracle's and the program's call.
func (o *conformOracle) compare(exit int, stdout, stderr string) (map[string]any, error) {
	defer o.close()
	want, err := conformTree(o.copy)
	if err != nil {
		return nil, err
	}
	got, err := conformTree(o.work)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for n := range want {
		names[n] = true
	}
	for n := range got {
		names[n] = true
	}
	files, zips := []string{}, []string{}
	texts := map[string][]string{}
	for n := range names {
		w, g := want[n], got[n]
		switch {
		case w == g:
		case g == "":
			files = append(files, "missing "+n)
		case w == "":
			files = append(files, "extra "+n)
		default:
			wm, wc, _ := strings.Cut(w, " ")
			gm, gc, _ := strings.Cut(g, " ")
			if wc != gc {
				wp, gp := filepath.Join(o.copy, n), filepath.Join(o.work, n)
				if conformSameZip(wp, gp) {
					zips = append(zips, n)
				} else {
					files = append(files, "content "+n)
					if w, g := conformText(wp), conformText(gp); w != "" && g != "" && len(texts) < 8 {
						texts[n] = []string{w, g}
					}
				}
			}
			if wm != gm {
				files = append(files, fmt.Sprintf("mode %s: want %s, got %s", n, wm, gm))
			}
		}
	}
	slices.Sort(files)
	d := map[string]any{}
	if len(files) > 0 {
		d["files"] = files
		d["texts"] = texts
	}
	if len(zips) > 0 {
		d["zip_bytes"] = zips // same entries, packed another way
	}
	// go knows the exit statuses 0 and 1; a program may tell failures apart.
	if (exit != 0) != (o.exit != 0) {
		d["exit"] = []int{o.exit, exit}
	}
	if stdout != o.stdout {
		d["stdout"] = []string{o.stdout, stdout}
	}
	if stderr != o.stderr && !slices.Contains(o.args, "-x") { // -x prints timings
		d["stderr"] = []string{o.stderr, stderr}
	}
	return d, nil
}

// conformText returns a small text file's contents, else "".
func conformText(name string) string {
	data, err := os.ReadFile(name)
	if err != nil || len(data) > 16<<10 || !utf8.Valid(data) {
		return ""
	}
	return string(data)
}

// conformSameZip reports whether two zip files hold the same files.
func conformSameZip(a, b string) bool {
	list := func(name string) string {
		z, err := zip.OpenReader(name)
		if err != nil {
			return ""
		}
		defer z.Close()
		var s strings.Builder
		for _, f := range z.File {
			fmt.Fprintf(&s, "%q %d %x\n", f.Name, f.UncompressedSize64, f.CRC32)
		}
		return s.String()
	}
	la := list(a)
	return la != "" && la == list(b)
}

// conformTree maps each path under root to its mode and content hash. It
// leaves out what is the implementation's own business: lock files, clones of
// version-control repositories, telemetry, temporary files.
func conformTree(root string) (map[string]string, error) {
	tree := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		slash := filepath.ToSlash(rel)
		if d.IsDir() && (slash == "telemetry" || slash == "tmp" || strings.HasSuffix(slash, "/cache/vcs") || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(slash, ".lock") || strings.HasSuffix(slash, "/cache/lock") {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			tree[slash] = info.Mode().String() + " dir"
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			tree[slash] = fmt.Sprintf("%v %x", info.Mode(), sha256.Sum256(data))
		default:
			to, _ := os.Readlink(path)
			tree[slash] = fmt.Sprintf("%v -> %s", info.Mode(), to)
		}
		return nil
	})
	return tree, err
}
