"""Tells what a Mercurial server has, without fetching it: gomodfetch's extension for hg.

The checksum is the one that the go command records, so that either can use what the other has seen: of the
branches with their heads, and then the bookmarks, each on a line of its own.
"""
import base64
import hashlib

from mercurial import hg, node, registrar

cmdtable = {}
command = registrar.command(cmdtable)


@command(b'gomodfetch-sum', [], b'URL', norepo=True)
def checksum(ui, url):
    """print a checksum of all branches and bookmarks"""
    peer = hg.peer(ui, {}, url)
    lines = [b' '.join([branch] + list(heads)) for branch, heads in peer.branchmap().items()]
    if b'bookmarks' in peer.listkeys(b'namespaces'):
        marks = peer.listkeys(b'bookmarks')
        lines += [mark + b'=' + commit for mark, commit in marks.items()]
    digest = hashlib.sha256(b''.join(line + b'\n' for line in lines)).digest()
    ui.write(b'r1:' + base64.standard_b64encode(digest) + b'\n')


@command(b'gomodfetch-lookup', [], b'URL NAME', norepo=True)
def lookup(ui, url, name):
    """print the hash of what a name stands for"""
    ui.write(node.hex(hg.peer(ui, {}, url).lookup(name)) + b'\n')
