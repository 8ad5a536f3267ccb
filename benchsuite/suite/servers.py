"""The network: nginx with TLS and HTTP/2 on loopback, and toxiproxy, which delays what passes through."""
import os
import shutil
import socket
import subprocess
import time
import urllib.request
import json

TOXIPROXY = "github.com/Shopify/toxiproxy/v2"
PACKAGES = {"nginx": "nginx-light", "curl": "curl", "openssl": "openssl"}

NGINX_CONF = """
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
worker_processes auto;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 1000000;
    keepalive_timeout 600s;
    http2_max_concurrent_streams 512;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl http2 backlog=4096;
        server_name localhost;
        ssl_certificate {dir}/server.pem;
        ssl_certificate_key {dir}/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:s:1m;
        root {tree};
    }}
}}
"""


def say(text):
    print(text, flush=True)


def install_missing():
    """Takes from Debian what is not there."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [package for name, package in PACKAGES.items() if not shutil.which(name, path=path)]
    if missing:
        say("installing " + " ".join(missing))
        subprocess.run(["apt-get", "update", "-q"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing],
            check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )


def build_toxiproxy(work, env):
    """Builds toxiproxy from its module, through the proxy that `go env GOPROXY` prints."""
    program = os.path.join(work, "toxiproxy")
    if os.path.exists(program):
        return program
    say("building toxiproxy")
    folder = os.path.join(work, "toxiproxy-src")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "go.mod"), "w") as out:
        out.write("module example.com/scratch\n\ngo 1.21\n")
    for command in (
        ["go", "get", TOXIPROXY + "/cmd/server@v2.12.0"],
        ["go", "build", "-o", program, TOXIPROXY + "/cmd/server"],
    ):
        subprocess.run(command, cwd=folder, env=env, check=True, stderr=subprocess.DEVNULL)
    return program


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.025)
    raise SystemExit(f"nothing listens on port {port}: {process.args[0]}")


class Servers:
    """nginx and toxiproxy, running until `stop`."""

    def __init__(self, work, tree, toxiproxy):
        self.dir = os.path.join(work, "nginx")
        self.processes = []
        self.delayed = {}
        os.makedirs(self.dir, exist_ok=True)
        self.ca = os.path.join(self.dir, "ca.pem")
        self.make_certificates()
        self.port = free_port()
        with open(os.path.join(self.dir, "nginx.conf"), "w") as out:
            user = "user root;" if os.geteuid() == 0 else ""
            out.write(NGINX_CONF.format(dir=self.dir, port=self.port, tree=tree, user=user))
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        self.start([nginx, "-e", self.dir + "/error.log", "-c", self.dir + "/nginx.conf"], self.port)
        self.api = free_port()
        self.start([toxiproxy, "-host", "127.0.0.1", "-port", str(self.api)], self.api)

    def start(self, command, port):
        log = open(os.path.join(self.dir, os.path.basename(command[0]) + ".log"), "ab")
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        wait_for(port, process)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()

    def make_certificates(self):
        if os.path.exists(self.dir + "/server.pem"):
            return
        openssl = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-x509"]
        quiet = {"check": True, "stderr": subprocess.DEVNULL, "cwd": self.dir}
        subprocess.run(
            [*openssl, "-subj", "/CN=benchsuite", "-keyout", "ca.key", "-out", "ca.pem",
             "-addext", "keyUsage=critical,keyCertSign"], **quiet)
        subprocess.run(
            [*openssl, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.pem",
             "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost",
             "-addext", "basicConstraints=critical,CA:FALSE"], **quiet)

    def url(self, round_trip_ms):
        """Where the tree is served with this much of a delay. Without any, nothing stands in between."""
        if round_trip_ms == 0:
            return f"https://localhost:{self.port}"
        if round_trip_ms not in self.delayed:
            port, name = free_port(), f"delay-{round_trip_ms}"
            self.ask("/proxies", {
                "name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{self.port}"})
            for stream in ("upstream", "downstream"):
                self.ask(f"/proxies/{name}/toxics", {
                    "type": "latency", "stream": stream,
                    "attributes": {"latency": round_trip_ms // 2, "jitter": 0}})
            self.delayed[round_trip_ms] = port
        return f"https://localhost:{self.delayed[round_trip_ms]}"

    def ask(self, path, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api}{path}", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(request, timeout=10).read()
