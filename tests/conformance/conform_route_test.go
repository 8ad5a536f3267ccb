// Added to package cmd/go's tests by run-conformance (go build -overlay).
// It sends chosen `go` subcommands of the script tests to another program.
//
// Read from the test process's environment:
//
//	CONFORM_BIN      absolute path of the program to run in place of go
//	CONFORM_ROUTE    comma-separated routes, e.g. "mod download,list -m";
//	                 "get=mod download" runs a plain "go get" as a download
//	CONFORM_LOG      file that gets one JSON line per routed call
//	CONFORM_TIMEOUT  limit for one routed call, as a Go duration
//	CONFORM_MAY_CALL_GO  1: give the program CONFORM_REAL_GO and no tripwire
//	CONFORM_NET      1: let the [net:HOST] conditions hold
//	CONFORM_ORACLE   a go command to compare each routed call with

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"cmd/go/internal/vcweb/vcstest"
	"cmd/internal/script"
)

func conformNetOK() bool { return os.Getenv("CONFORM_NET") == "1" }

// conformMatch reports whether args belong to the route: its plain words must
// lead the arguments (after any -C DIR), its flags may stand anywhere.
func conformMatch(route string, args []string) bool {
	if len(args) > 0 {
		if args[0] == "-C" && len(args) > 1 {
			args = args[2:]
		} else if strings.HasPrefix(args[0], "-C=") {
			args = args[1:]
		}
	}
	for _, w := range strings.Fields(route) {
		if strings.HasPrefix(w, "-") {
			ok := slices.ContainsFunc(args, func(a string) bool {
				return a == w || a == "-"+w || a == w+"=true"
			})
			if !ok {
				return false
			}
			continue
		}
		if len(args) == 0 || args[0] != w {
			return false
		}
		args = args[1:]
	}
	return true
}

// conformRoute returns the arguments for the program, or false if the call
// does not belong to the route.
func conformRoute(route string, args []string) ([]string, bool) {
	from, to, rewrite := strings.Cut(route, "=")
	if !conformMatch(from, args) {
		return nil, false
	}
	if !rewrite {
		return args, true
	}
	// Only a call whose arguments mean the same to the other subcommand.
	out := strings.Fields(to)
	mods := args[len(strings.Fields(from)):]
	for _, a := range mods {
		_, vers, ok := strings.Cut(a, "@")
		switch {
		case a == "-x":
		case strings.HasPrefix(a, "-") || strings.HasPrefix(a, ".") ||
			strings.Contains(a, "...") || vers == "none" || vers == "upgrade" || vers == "patch":
			return nil, false
		case !ok:
			a += "@latest"
		}
		out = append(out, a)
	}
	return out, len(mods) > 0
}

// conformWrap returns the script's go command, with routed calls diverted.
func conformWrap(realGo script.Cmd) script.Cmd {
	bin := os.Getenv("CONFORM_BIN")
	routes := strings.Split(os.Getenv("CONFORM_ROUTE"), ",")
	limit, err := time.ParseDuration(os.Getenv("CONFORM_TIMEOUT"))
	if bin == "" || routes[0] == "" || err != nil {
		log.Fatal("conform: CONFORM_BIN, CONFORM_ROUTE or CONFORM_TIMEOUT is not set right")
	}
	return script.Command(*realGo.Usage(), func(s *script.State, args ...string) (script.WaitFunc, error) {
		for _, r := range routes {
			if out, ok := conformRoute(r, args); ok {
				return conformStart(s, bin, out, limit)
			}
		}
		return realGo.Run(s, args...)
	})
}

func conformStart(s *script.State, bin string, args []string, limit time.Duration) (script.WaitFunc, error) {
	t, ok := tbFromContext(s.Context())
	if !ok {
		return nil, errors.New("conform: no testing.TB in the script's context")
	}
	env := s.Environ()
	var own []string // for the program alone, not for the oracle
	trip := ""
	if os.Getenv("CONFORM_MAY_CALL_GO") == "1" {
		env = append(env, "CONFORM_REAL_GO="+testGo)
	} else {
		version, _ := s.LookupEnv("TESTGO_VERSION")
		root, err := conformTripwire(version)
		if err != nil {
			return nil, err
		}
		if version != "" {
			// A program reads the version of the installed Go from GOROOT.
			own = append(own, "GOROOT="+root)
		}
		trip = filepath.Join(root, fmt.Sprintf("called.%d", conformCalls.Add(1)))
		path, _ := s.LookupEnv("PATH")
		env = append(env, "CONFORM_TRIP="+trip, "PATH="+filepath.Join(root, "bin")+string(os.PathListSeparator)+path)
	}
	var px *conformProxy
	// TESTGONETWORK=panic means "no network but the test servers".
	if v, _ := s.LookupEnv("TESTGONETWORK"); v == "panic" {
		var err error
		if px, err = newConformProxy(s); err != nil {
			return nil, err
		}
		env = append(env, px.environ()...)
	}

	oracle, err := runConformOracle(s.Context(), s, args, env, limit)
	if err != nil {
		px.close()
		t.Fatalf("conform: oracle: %v", err)
	}
	ctx, cancel := context.WithTimeout(s.Context(), limit)
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Dir = s.Getwd()
	cmd.Env = slices.Concat(env, own)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// Its own process group, so that its git children end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	start := time.Now()
	if err := cmd.Start(); err != nil {
		cancel()
		px.close()
		// Not a plain error: "! go ..." must not pass for it.
		t.Errorf("conform: %v", err)
		return nil, err
	}
	return func(s *script.State) (string, string, error) {
		err := cmd.Wait()
		timedOut := ctx.Err() == context.DeadlineExceeded
		cancel()
		px.close()
		code := cmd.ProcessState.ExitCode()
		switch {
		case timedOut:
			t.Errorf("conform: go %s: ran past %v", strings.Join(args, " "), limit)
		case code == -1:
			t.Errorf("conform: go %s: died: %v", strings.Join(args, " "), err)
		case code == 101:
			t.Errorf("conform: go %s: exit status 101 (a Rust panic)", strings.Join(args, " "))
		}
		if called, err := os.ReadFile(trip); trip != "" && err == nil {
			t.Errorf("conform: go %s: the program started go: %s", strings.Join(args, " "), called)
		}
		refused := px.refusedHosts()
		for _, h := range refused {
			s.Logf("[conform: refused network use: %s]\n", h)
		}
		rec := map[string]any{
			"script": strings.TrimPrefix(t.Name(), "TestScript/"),
			"args":   args, "exit": code, "refused": refused,
			"ms": time.Since(start).Milliseconds(),
		}
		if oracle != nil {
			diff, err := oracle.compare(code, stdout.String(), stderr.String())
			if err != nil {
				t.Errorf("conform: comparing with the oracle: %v", err)
			}
			rec["diff"] = diff
		}
		conformRecord(rec)
		return stdout.String(), stderr.String(), err
	}, nil
}

var conformCalls atomic.Int64

var (
	conformTripwireMu sync.Mutex
	conformTripwires  = map[string]string{} // by version
)

// conformTripwire makes a folder that looks like a Go installation whose go
// command only notes the call and fails: the program must not start go. Its
// VERSION is that of the real Go, or the given one, such as "go1.21".
func conformTripwire(version string) (string, error) {
	conformTripwireMu.Lock()
	defer conformTripwireMu.Unlock()
	if dir := conformTripwires[version]; dir != "" {
		return dir, nil
	}
	dir, err := os.MkdirTemp("", "tripwire")
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "bin"), 0o777)
	}
	for _, name := range []string{"go.env", "src"} {
		if err == nil {
			err = os.Symlink(filepath.Join(runtime.GOROOT(), name), filepath.Join(dir, name))
		}
	}
	text := []byte(version + "\n")
	if err == nil && version == "" {
		text, err = os.ReadFile(filepath.Join(runtime.GOROOT(), "VERSION"))
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "VERSION"), text, 0o666)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "bin", "go"), []byte("#!/bin/sh\necho \"go $*\" >>\"$CONFORM_TRIP\"\nexit 97\n"), 0o777)
	}
	conformTripwires[version] = dir
	return dir, err
}

var conformLogMu sync.Mutex

func conformRecord(v any) {
	name := os.Getenv("CONFORM_LOG")
	if name == "" {
		return
	}
	line, _ := json.Marshal(v)
	conformLogMu.Lock()
	defer conformLogMu.Unlock()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err == nil {
		f.Write(append(line, '\n'))
		err = f.Close()
	}
	if err != nil {
		log.Fatalf("conform: %v", err)
	}
}

// A conformProxy is an HTTP proxy that lives for one routed call. cmd/go's
// tests reach https://vcs-test.golang.org by hooks inside the go command; an
// external program reaches the same test servers through this proxy.
type conformProxy struct {
	ln       net.Listener
	srv      *http.Server
	tlsSrv   *http.Server
	tlsConns *conformListener
	httpTo   string // host:port of the plain vcweb server
	httpsTo  string // host:port of the TLS vcweb server
	proxy404 bool   // answer 404 for the default module proxy
	cert     *conformCert
	hgrc     string

	mu      sync.Mutex
	refused []string
}

var conformTransport = sync.OnceValue(func() http.RoundTripper {
	return &http.Transport{
		Proxy:              nil,
		DisableCompression: true,
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, // loopback only
	}
})

func newConformProxy(s *script.State) (*conformProxy, error) {
	cert, err := conformCerts()
	if err != nil {
		return nil, err
	}
	p := &conformProxy{cert: cert}
	p.httpTo, _ = s.LookupEnv("TESTGO_VCSTEST_HOST")
	p.httpsTo, _ = s.LookupEnv("TESTGO_VCSTEST_TLS_HOST")
	v, _ := s.LookupEnv("TESTGOPROXY404")
	p.proxy404 = v == "1"
	if p.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	quiet := log.New(io.Discard, "", 0)
	p.tlsConns = &conformListener{conns: make(chan net.Conn), done: make(chan struct{}), addr: p.ln.Addr()}
	p.srv = &http.Server{Handler: http.HandlerFunc(p.serve), ErrorLog: quiet}
	p.tlsSrv = &http.Server{Handler: http.HandlerFunc(p.serveTLS), ErrorLog: quiet}
	go p.srv.Serve(p.ln)
	go p.tlsSrv.Serve(p.tlsConns)

	// hg has no environment variable for its CA file, so give it an hgrc.
	if v, _ := s.LookupEnv("HGRCPATH"); v == "" {
		f, err := os.CreateTemp(testTmpDir, "conform-hgrc-")
		if err != nil {
			p.close()
			return nil, err
		}
		fmt.Fprintf(f, "[http_proxy]\nhost = %s\n[web]\ncacerts = %s\n", p.ln.Addr(), cert.caFile)
		f.Close()
		p.hgrc = f.Name()
	}
	return p, nil
}

func (p *conformProxy) environ() []string {
	u := "http://" + p.ln.Addr().String()
	// localhost.localdev (the test sumdb) stays out of the proxy: the tests
	// want an attempt to reach it to fail as an unknown host.
	direct := "127.0.0.1,localhost,::1,0.0.0.0,localhost.localdev"
	env := []string{
		"HTTPS_PROXY=" + u, "https_proxy=" + u, "HTTP_PROXY=" + u, "http_proxy=" + u,
		"NO_PROXY=" + direct, "no_proxy=" + direct,
		"SSL_CERT_FILE=" + p.cert.caFile,
		"GIT_SSL_CAINFO=" + p.cert.caFile,
		"CURL_CA_BUNDLE=" + p.cert.caFile,
	}
	if p.hgrc != "" {
		env = append(env, "HGRCPATH="+p.hgrc)
	}
	return env
}

func (p *conformProxy) close() {
	if p == nil {
		return
	}
	p.srv.Close()
	p.tlsSrv.Close()
	if p.hgrc != "" {
		os.Remove(p.hgrc)
	}
}

func (p *conformProxy) refuse(host string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.refused, host) {
		p.refused = append(p.refused, host)
	}
	return "use of network: " + host
}

func (p *conformProxy) refusedHosts() []string {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.refused)
}

// known reports whether the test servers (or this proxy) answer for the host.
func (p *conformProxy) known(host string) bool {
	return slices.Contains(vcstest.Hosts, host) || host == conformDefaultProxy() && p.proxy404
}

// conformDefaultProxy is the host of the first GOPROXY entry in GOROOT/go.env.
var conformDefaultProxy = sync.OnceValue(func() string {
	data, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "go.env"))
	if err != nil {
		log.Fatalf("conform: %v", err)
	}
	for line := range strings.Lines(string(data)) {
		if list, ok := strings.CutPrefix(strings.TrimSpace(line), "GOPROXY="); ok {
			first, _, _ := strings.Cut(list, ",")
			if u, err := url.Parse(first); err == nil && u.Host != "" {
				return u.Hostname()
			}
		}
	}
	log.Fatalf("conform: no GOPROXY in GOROOT/go.env")
	return ""
})

func (p *conformProxy) serve(w http.ResponseWriter, req *http.Request) {
	if req.Method != "CONNECT" { // http://HOST/... in absolute form
		if !slices.Contains(vcstest.Hosts, req.URL.Hostname()) {
			http.Error(w, p.refuse(req.URL.Host), http.StatusBadGateway)
			return
		}
		p.forward(w, req, "http", p.httpTo)
		return
	}
	host, port, err := net.SplitHostPort(req.Host)
	if err != nil || port != "443" || !p.known(host) {
		http.Error(w, p.refuse(req.Host), http.StatusBadGateway)
		return
	}
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	tc := tls.Server(&conformConn{Conn: conn, r: rw.Reader}, &tls.Config{
		Certificates: []tls.Certificate{p.cert.leaf},
		NextProtos:   []string{"http/1.1"},
	})
	p.tlsConns.put(tc)
}

func (p *conformProxy) serveTLS(w http.ResponseWriter, req *http.Request) {
	host := req.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if slices.Contains(vcstest.Hosts, host) {
		req.Host = host
		p.forward(w, req, "https", p.httpsTo)
		return
	}
	http.Error(w, "404 testing", http.StatusNotFound) // the default module proxy
}

func (p *conformProxy) forward(w http.ResponseWriter, req *http.Request, scheme, to string) {
	(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { // keeps the Host header
			r.Out.URL.Scheme, r.Out.URL.Host = scheme, to
			r.Out.Host = r.In.Host
		},
		Transport:     conformTransport(),
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	}).ServeHTTP(w, req)
}

// conformConn is a connection some of whose bytes were already buffered.
type conformConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *conformConn) Read(b []byte) (int, error) { return c.r.Read(b) }

// conformListener hands tunnelled connections to an http.Server.
type conformListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	addr  net.Addr
}

func (l *conformListener) put(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		c.Close()
	}
}

func (l *conformListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *conformListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *conformListener) Addr() net.Addr { return l.addr }

type conformCert struct {
	caFile string
	leaf   tls.Certificate
}

// conformCerts makes a throw-away CA and a certificate for the test hosts.
var conformCerts = sync.OnceValues(func() (*conformCert, error) {
	now := time.Now()
	newKey := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	}
	caKey, leafKey := newKey(), newKey()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "conformance test CA"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "conformance test server"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames:    append(slices.Clone(vcstest.Hosts), conformDefaultProxy()),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil { // for the key id
		return nil, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	c := &conformCert{
		caFile: filepath.Join(testTmpDir, "conform-ca.pem"),
		leaf:   tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
	}
	return c, os.WriteFile(c.caFile, buf.Bytes(), 0o666)
})
