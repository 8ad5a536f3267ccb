"""What is served: modules of real projects, as the real go left them, and modules made up here."""
import base64
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import zipfile

from .servers import say

PROJECTS = {
    "caddy": ("github.com/caddyserver/caddy/v2", "v2.11.9"),
    "client-go": ("k8s.io/client-go", "v0.20.0"),
}
TINY = 5000
TIME = "2024-01-01T00:00:00Z"
WORDS = ("func return if err nil range for type struct interface package import string int byte map chan "
         "select case default switch defer go var const break continue error context request response "
         "server client buffer reader writer config option handler module version").split()


class Origin:
    """The tree that is served, and the folders of the projects, made as they are needed."""

    def __init__(self, work, go_env):
        self.work = work
        self.tree = os.path.join(work, "tree")
        self.projects = os.path.join(work, "projects")
        self.go_env = {**go_env, "GOMODCACHE": os.path.join(work, "filled")}
        os.makedirs(self.tree, exist_ok=True)
        os.makedirs(self.projects, exist_ok=True)

    def project(self, name):
        """The folder of a project with go.mod and go.sum, both complete."""
        folder = os.path.join(self.projects, name)
        if not os.path.exists(os.path.join(folder, "ready")):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            say(f"preparing {name}")
            if name in PROJECTS:
                self.real(folder, *PROJECTS[name])
            elif name == "big":
                self.big(folder)
            elif name.startswith("many-"):
                self.many(folder, int(name.removeprefix("many-")))
            else:
                self.tiny(folder, int(name.removeprefix("tiny-")))
            open(os.path.join(folder, "ready"), "w").close()
        return folder

    # ---- real projects ----

    def real(self, folder, module, version):
        go = {"env": self.go_env, "check": True, "stderr": subprocess.DEVNULL}
        told = subprocess.run(
            ["go", "mod", "download", "-json", f"{module}@{version}"], cwd="/",
            stdout=subprocess.PIPE, **go).stdout
        for file in ("go.mod", "go.sum"):
            shutil.copyfile(os.path.join(json.loads(told)["Dir"], file), os.path.join(folder, file))
        # go.sum is completed, so that nothing is left to ask the checksum database in what is measured.
        for command in (["go", "mod", "download"], ["go", "list", "-mod=mod", "-m", "all"]):
            subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, **go)
        downloads = os.path.join(self.go_env["GOMODCACHE"], "cache", "download")
        skip = shutil.ignore_patterns("*.lock", "sumdb")
        shutil.copytree(downloads, self.tree, dirs_exist_ok=True, ignore=skip)
        self.complete()

    def complete(self):
        """A cache is no whole proxy: .info for each .mod, and @latest."""
        for parent, _, files in os.walk(self.tree):
            if os.path.basename(parent) != "@v":
                continue
            versions = [name.removesuffix(".mod") for name in files if name.endswith(".mod")]
            for version in versions:
                self.info(os.path.join(parent, version + ".info"), version)
            if versions:
                newest = max(versions, key=order)
                self.info(os.path.join(os.path.dirname(parent), "@latest"), newest)

    @staticmethod
    def info(path, version):
        if not os.path.exists(path):
            with open(path, "w") as out:
                json.dump({"Version": unescape(version), "Time": TIME}, out)

    # ---- made up ----

    def tiny(self, folder, count):
        modules, sums = self.add_tiny(count)
        write_project(folder, "example.com/tiny", modules, sums)

    def many(self, folder, count):
        """Projects that each require 20 of 300 tiny modules, which others require too."""
        modules, sums = self.add_tiny(300)
        rng = random.Random(2)
        for i in range(count):
            chosen = sorted(rng.sample(range(len(modules)), 20))
            project = os.path.join(folder, f"p{i:03}")
            os.makedirs(project)
            write_project(
                project, f"example.com/many/p{i:03}", [modules[i] for i in chosen], [sums[i] for i in chosen])

    def add_tiny(self, count):
        """Serves so many tiny modules; hands back their paths and their lines in go.sum."""
        modules = [f"example.com/tiny/m{i:04}" for i in range(count)]
        sums = []
        for module in modules:
            go_mod = f"module {module}\n\ngo 1.21\n".encode()
            name = module.rsplit("/", 1)[1]
            files = {"go.mod": go_mod, "LICENSE": b"Free to use.\n" * 20,
                     "m.go": f"// Package {name} is tiny.\npackage {name}\n".encode()}
            sums.append(self.add(module, go_mod, files.items()))
        return modules, sums

    def big(self, folder):
        """One zip of over 100 MB: 4,000 files of up to 256 KiB, and one of 24 MiB."""
        rng = random.Random(1)
        text = [" ".join(rng.choices(WORDS, k=9)) + f" {rng.getrandbits(72):x};\n" for _ in range(30000)]
        blocks = ["".join(rng.choices(text, k=1200)).encode()[:1 << 16] for _ in range(300)]
        go_mod = b"module example.com/big\n\ngo 1.21\n"

        def files():
            yield "go.mod", go_mod
            for i in range(4000):
                data = b"".join(rng.choices(blocks, k=1 + rng.randrange(3)))
                size = len(data) if i % 2 else rng.randrange(1000, 20000)
                yield f"d{i % 97}/f{i}.go", data[:size]
            yield "data.txt", b"".join(rng.choices(blocks, k=24 * 16))

        sums = self.add("example.com/big", go_mod, files())
        write_project(folder, "example.com/big-user", ["example.com/big"], [sums])

    def add(self, module, go_mod, files):
        """Serves v1.0.0 of a module; hands back its lines in go.sum."""
        at = os.path.join(self.tree, module, "@v")
        os.makedirs(at, exist_ok=True)
        lines = []
        with open(os.path.join(at, "v1.0.0.zip"), "wb") as out:
            # Without seeking: then each entry has a data descriptor, as in the zips that go makes.
            with zipfile.ZipFile(OnlyForward(out), "w", zipfile.ZIP_DEFLATED) as zipped:
                for name, data in files:
                    name = f"{module}@v1.0.0/{name}"
                    zipped.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
                    lines.append((name, hashlib.sha256(data).hexdigest()))
        with open(os.path.join(at, "v1.0.0.mod"), "wb") as out:
            out.write(go_mod)
        with open(os.path.join(at, "list"), "w") as out:
            out.write("v1.0.0\n")
        self.info(os.path.join(at, "v1.0.0.info"), "v1.0.0")
        mod_hash = h1([("go.mod", hashlib.sha256(go_mod).hexdigest())])
        return f"{module} v1.0.0 {h1(lines)}\n{module} v1.0.0/go.mod {mod_hash}\n"


class OnlyForward(io.RawIOBase):
    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, data):
        return self.out.write(data)


def h1(lines):
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines))
    return "h1:" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def write_project(folder, path, modules, sums):
    with open(os.path.join(folder, "go.mod"), "w") as out:
        out.write(f"module {path}\n\ngo 1.21\n\nrequire (\n")
        out.writelines(f"\t{module} v1.0.0 // indirect\n" for module in modules)
        out.write(")\n")
    with open(os.path.join(folder, "go.sum"), "w") as out:
        out.writelines(sums)


def unescape(version):
    parts = version.split("!")
    return parts[0] + "".join(part[:1].upper() + part[1:] for part in parts[1:])


def order(version):
    """Releases before others, then by their numbers: good enough to choose one."""
    numbers, _, rest = version.removeprefix("v").partition("-")
    numbers = tuple(int(part) for part in numbers.split("+")[0].split("."))
    return (not rest, numbers, rest)
