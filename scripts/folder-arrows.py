#!/usr/bin/env python3
"""Finds folders of one target that name each other in circles, and files that use unsafe code without being listed.

A folder names another where one of its files mentions a type that only the other declares at the top of a file. Files in the
target's own folder count as a folder too. Fails where folders name each other in a circle, directly or through others.
Files with unsafe code stand in scripts/unsafe-files.txt, each with what it wraps: `path: what`.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = re.compile(r'#*"""[\s\S]*?"""#*|#*"(?:\\.|[^"\\\n])*"#*|//[^\n]*|/\*[\s\S]*?\*/')
ATTRIBUTES = r"(?:@\w+(?:\([^)\n]*\))?\s+|(?:public|package|internal|private|fileprivate|final|indirect|nonisolated|unsafe)\s+)*"
TYPE = re.compile(rf"^{ATTRIBUTES}(?:class|struct|enum|actor|protocol|typealias)\s+([A-Z]\w*)", re.MULTILINE)
NAME = re.compile(r"\b[A-Z]\w*\b")
# Pointers, and what tells the compiler to take our word for it.
UNSAFE = re.compile(r"\b(Unsafe\w+|OpaquePointer|Unmanaged|withUnsafe\w+|withMemoryRebound|unsafeBitCast|bindMemory|assumingMemoryBound|nonisolated\(unsafe\))")


def code(path):
    """The file without its comments and strings; a name within an interpolation is lost, and named elsewhere as a rule."""
    return TEXT.sub('""', path.read_text(encoding="utf-8"))


def arrows(target):
    """{folder: {other folder: ["File.swift names Type"]}} of one target."""
    texts = {path: code(path) for path in sorted(target.rglob("*.swift"))}
    declared = {}
    for path, text in texts.items():
        for name in TYPE.findall(text):
            declared.setdefault(name, set()).add(path)
    found = {}
    for path, text in texts.items():
        for name in sorted(set(NAME.findall(text))):
            homes = declared.get(name, ())
            # Two files may each have a private type of one name: nobody else can mean either.
            if len(homes) != 1:
                continue
            home = next(iter(homes))
            here, there = path.parent, home.parent
            if here != there:
                found.setdefault(here, {}).setdefault(there, []).append(f"{path.name} names {name}")
    return found


def reachable(graph, start):
    seen, waiting = set(), [start]
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def circles(graph):
    """The arrows that lie on a circle: from there one comes back."""
    back = {folder: reachable(graph, folder) for folder in graph}
    return [(here, there) for here in sorted(graph) for there in sorted(graph[here]) if here in back.get(there, ())]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="?", type=pathlib.Path, default=ROOT / "Sources")
    parser.add_argument("--all", action="store_true", help="show every arrow between folders")
    options = parser.parse_args()
    faults = 0
    for target in sorted(path for path in options.sources.iterdir() if path.is_dir()):
        graph = arrows(target)
        name = lambda folder: f"{target.name}/{folder.relative_to(target)}"
        if options.all:
            for here, others in sorted(graph.items()):
                print(f"{name(here)} -> {', '.join(sorted(name(other) for other in others))}")
        for here, there in circles(graph):
            faults += 1
            reasons = graph[here][there]
            more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
            print(f"circle: {name(here)} -> {name(there)}: {'; '.join(reasons[:3])}{more}", file=sys.stderr)
    if options.sources == ROOT / "Sources":
        faults += check_unsafe(options.sources)
    return 1 if faults else 0


def check_unsafe(sources):
    using = {str(path.relative_to(ROOT)) for path in sources.rglob("*.swift") if UNSAFE.search(code(path))}
    lines = (ROOT / "scripts" / "unsafe-files.txt").read_text(encoding="utf-8").splitlines()
    listed = {line.partition(":")[0] for line in lines}
    for path in sorted(using - listed):
        print(f"unsafe code in {path}: use a safe form, or list it in scripts/unsafe-files.txt", file=sys.stderr)
    for path in sorted(listed - using):
        print(f"no unsafe code in {path}: take it off scripts/unsafe-files.txt", file=sys.stderr)
    return len(using ^ listed)


if __name__ == "__main__":
    sys.exit(main())
