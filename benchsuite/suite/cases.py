"""What is measured. Each case can be run alone."""
import os
import shutil
import statistics
from dataclasses import dataclass, field

from .measure import Failed, measure
from .servers import say

DOWNLOAD = {"go": ["mod", "download"], "gomodfetch": ["download"]}
VERIFY = {"go": ["mod", "verify"], "gomodfetch": ["verify"]}
LIST = {"go": ["list", "-m", "all"], "gomodfetch": ["list", "-m", "all"]}
UPDATES = {"go": ["list", "-m", "-u", "all"], "gomodfetch": ["list", "-m", "-u", "all"]}

# For a folder of projects: one after the other by go and by gomodfetch, and all at once.
LOOP = 'for dir in */; do (cd "$dir" && exec "$@") || exit 1; done'
PREWARM = {
    "go": ["sh", "-c", LOOP, "sh", "{program}", "mod", "download"],
    "loop": ["sh", "-c", LOOP, "sh", "{program}", "download"],
    "gomodfetch": ["{program}", "prewarm", "."]}

BOTH = ("go", "gomodfetch")
# How many files curl has in transfer at once.
CURL_AT_ONCE = 128


@dataclass
class Case:
    """Commands on one project, over a network with this round-trip time."""

    title: str
    project: str
    rtt_ms: int = 0
    commands: dict = field(default_factory=lambda: DOWNLOAD)
    who: tuple = BOTH
    # Whether the cache is empty before each run, or holds what an earlier run brought.
    cold: bool = True
    # How often a round runs each; for what takes milliseconds.
    repeat: int = 1
    # Further arguments of gomodfetch.
    extra: tuple = ()
    # Shown in a plot only.
    plot: bool = False


def all_cases():
    cases = {}
    for rtt in (0, 20, 50, 200):
        who = ["go", "gomodfetch", "curl"]
        who += ["floor"] if rtt == 0 else []
        who += ["go-64"] if rtt in (0, 50) else []
        cases[f"caddy-cold-{rtt}"] = Case("caddy, cold", "caddy", rtt, who=tuple(who))
    cases["caddy-warm"] = Case("caddy, nothing to do", "caddy", 50, cold=False, repeat=10)
    cases["client-go-cold-50"] = Case(
        "client-go 0.20 (a graph without pruning), cold", "client-go", 50, who=("go", "gomodfetch", "curl"))
    for rtt in (0, 50):
        cases[f"big-cold-{rtt}"] = Case(
            "one zip of over 100 MB, cold", "big", rtt, who=("go", "gomodfetch", "curl", "floor"))
    cases["tiny-2000-cold-0"] = Case(
        "2,000 tiny modules, cold", "tiny-2000", who=("go", "gomodfetch", "curl", "floor"))
    cases["tiny-2000-warm"] = Case("2,000 tiny modules, nothing to do", "tiny-2000", cold=False, repeat=3)
    for rtt in (0, 50):
        cases[f"many-100-cold-{rtt}"] = Case(
            "100 small projects, cold", "many-100", rtt, commands=PREWARM, who=("go", "loop", "gomodfetch"))
    cases["many-100-warm"] = Case(
        "100 small projects, nothing to do", "many-100", 50, commands=PREWARM, who=("go", "loop", "gomodfetch"),
        cold=False)
    cases["verify"] = Case("caddy, verify", "caddy", commands=VERIFY, cold=False)
    cases["list-u-50"] = Case("caddy, list -m -u all", "caddy", 50, commands=UPDATES, cold=False)
    cases["list-cold-50"] = Case("caddy, list -m all, cold", "caddy", 50, commands=LIST)
    for count in (10, 100, 1000, 5000):
        cases[f"modules-{count}"] = Case(f"{count:,} tiny modules, cold", f"tiny-{count}", plot=True)
    for jobs in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        cases[f"jobs-{jobs}"] = Case(
            f"caddy, cold, --jobs {jobs}", "caddy", 50, who=("gomodfetch",),
            extra=("--jobs", str(jobs)), plot=True)
    cases["smoke"] = Case(
        "10 tiny modules, cold", "tiny-10", 20, who=("go", "gomodfetch", "curl", "floor"), plot=True)
    return cases


class Runner:
    """Runs cases, and hands each row to `keep`."""

    def __init__(self, work, origin, servers, programs, env, keep):
        self.work, self.origin, self.servers = work, origin, servers
        self.programs, self.env, self.keep = programs, env, keep
        self.caches = os.path.join(work, "caches")
        self.log = os.path.join(work, "log")

    def run(self, name, case, rounds):
        project = self.origin.project(case.project)
        say(f"{name}: {case.title}")
        walls = {}
        remove(self.caches)
        if not case.cold:
            # `list` needs the whole graph, `verify` the zips too.
            for who in case.who:
                for commands in (PREWARM,) if case.commands is PREWARM else (DOWNLOAD, LIST):
                    self.once(case, who, project, commands, rtt_ms=0)
        listing = None
        for number in range(1, rounds + 1):
            # Who goes first changes from round to round.
            turn = case.who if number % 2 else case.who[1::-1] + case.who[2:]
            for who in turn:
                for _ in range(case.repeat):
                    if case.cold:
                        remove(self.cache(who))
                    if who in ("curl", "floor"):
                        row = self.limit(case, who, listing)
                    else:
                        row = self.once(case, who, project, case.commands)
                        if case.cold and case.commands in (DOWNLOAD, PREWARM):
                            listing = self.same(self.cache(who), listing)
                    self.keep({"case": name, "who": who, "round": number, **row})
                    walls.setdefault(who, []).append(row["wall"])
        for who, values in walls.items():
            say(f"  {who:12} {statistics.median(values):9.3f} s  ({min(values):.3f} to {max(values):.3f})")
        remove(self.caches)

    def cache(self, who):
        return os.path.join(self.caches, who)

    def once(self, case, who, project, commands, rtt_ms=None):
        """One run of go or of gomodfetch in a fresh copy of the project."""
        copy = os.path.join(self.caches, "project")
        remove(copy)
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns("ready"))
        kind = "go" if who.startswith("go-") or who == "go" else "gomodfetch"
        if commands is PREWARM:
            command = [word.replace("{program}", shutil.which(self.programs[kind])) for word in commands[who]]
        else:
            command = [self.programs[kind], *commands[kind]]
        env = {
            **self.env, "GOMODCACHE": self.cache(who), "SSL_CERT_FILE": self.servers.ca,
            "GOPROXY": self.servers.url(case.rtt_ms if rtt_ms is None else rtt_ms)}
        if who == "go-64":
            env["GOMAXPROCS"] = "64"
        if kind == "gomodfetch":
            command += case.extra
        return measure(command, copy, env, self.log)

    def same(self, cache, listing):
        """Each leaves the same files below cache/download: their names."""
        found = files_below(os.path.join(cache, "cache", "download"))
        if listing is not None and found != listing:
            raise Failed(f"other files than before: {sorted(found ^ listing)[:5]}")
        return found

    def limit(self, case, who, listing):
        """What the wire or the disk allows: curl fetches the same files, or a loop unpacks the zips."""
        into = self.cache(who)
        os.makedirs(into)
        if who == "floor":
            zips = [name for name in sorted(listing) if name.endswith(".zip")]
            names = os.path.join(into, "zips")
            with open(names, "w") as out:
                out.writelines(os.path.join(self.origin.tree, name) + "\n" for name in zips)
            return measure([self.programs["floor"], os.path.join(into, "trees"), names], into, self.env, self.log)
        config = os.path.join(into, "config")
        url = self.servers.url(case.rtt_ms)
        wanted = sorted(name for name in listing if name.endswith((".info", ".mod", ".zip")))
        with open(config, "w") as out:
            for name in wanted:
                out.write(f'url = "{url}/{name}"\noutput = "{into}/{name}"\n')
        command = [
            "curl", "--no-progress-meter", "--fail", "--http2", "--cacert", self.servers.ca,
            "--create-dirs", "--parallel", "--parallel-max", str(CURL_AT_ONCE), "--config", config]
        row = measure(command, into, self.env, self.log)
        if missing := [name for name in wanted if not os.path.exists(os.path.join(into, name))]:
            raise Failed(f"curl did not fetch {missing[:5]}")
        return row


def files_below(top):
    found = set()
    for parent, folders, files in os.walk(top):
        if parent == top and "sumdb" in folders:
            folders.remove("sumdb")
        found.update(
            os.path.relpath(os.path.join(parent, name), top) for name in files if not name.endswith(".lock"))
    return found


def remove(path):
    for parent, _, _ in os.walk(path):
        os.chmod(parent, 0o700)
    shutil.rmtree(path, ignore_errors=True)
