"""What stands in claimed/, differences/ and reasons.tsv, for check-claims and make-compatibility.

claimed/NAME.txt      one script per line; `# route: ROUTE` and `# patterns: PATTERN...` tell how to run
                      them; `# weak` after a name: the script passes with /bin/true too
differences/NAME.tsv  what --oracle finds in scripts of that route that pass, and why
reasons.tsv           why a script of a route does not pass: route, glob of script names, reason
"""
import csv
import fnmatch
import glob
import os

HERE = os.path.dirname(os.path.realpath(__file__))


class Route:
    """A route with the scripts that are claimed on it."""

    def __init__(self, path):
        self.name = os.path.basename(path).removesuffix(".txt")
        self.route, self.patterns = "", []
        self.claimed, self.weak = [], set()
        self.differences = os.path.join(HERE, "differences", self.name + ".tsv")
        with open(path, encoding="utf-8") as f:
            for line in f:
                script, _, note = line.partition("#")
                script, (key, _, value) = script.strip(), note.strip().partition(":")
                if script:
                    self.claimed.append(script)
                    if key.startswith("weak"):
                        self.weak.add(script)
                elif key == "route":
                    self.route = value.strip()
                elif key == "patterns":
                    self.patterns = value.split()
        if not self.route:
            raise SystemExit(f"{path}: no `# route:` line")

    def known(self):
        """(script, what differs, why)"""
        return rows(self.differences)


def routes():
    return [Route(path) for path in sorted(glob.glob(os.path.join(HERE, "claimed", "*.txt")), reverse=True)]


def rows(path):
    """The tab-separated fields of the lines that are neither empty nor comments."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [tuple(line.rstrip("\n").split("\t")) for line in f if line.strip() and line[0] != "#"]


def selection():
    """The rows of selection.tsv as dicts."""
    with open(os.path.join(HERE, "selection.tsv"), encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


class Reasons:
    """Why scripts do not pass."""

    def __init__(self):
        self.rows = rows(os.path.join(HERE, "reasons.tsv"))
        self.used = set()

    def find(self, route, script):
        for row in self.rows:
            if row[0] == route and fnmatch.fnmatch(script, row[1]):
                self.used.add(row)
                return row[2]
        return None

    def unused(self):
        return [row for row in self.rows if row not in self.used]
