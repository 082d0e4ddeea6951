#!/usr/bin/env python3
"""Whether every target imports only what Package.swift lets it, and the way of a call knows no HTTP server.

The compiler finds a module that was built before, declared or not, so that a forgotten arrow shows only in a build from
nothing. Text only: no build is needed.

usage: target-arrows.py [PACKAGE_FOLDER]
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
# What may not be reached from a target, however long the way.
FORBIDDEN = {"EaselCalls": {"EaselServer", "EaselGateway", "EaselLedger"}, "Easel": {"EaselServer", "EaselGateway"}}
TARGET = re.compile(
    r'\b(?:(?P<kind>room|tests)\(\s*"(?P<short>\w+)",\s*\[(?P<list>[^\]]*)\]'
    r'|\.(?:executableTarget|target)\(\s*name:\s*"(?P<name>[\w-]+)",\s*dependencies:\s*\[(?P<named>[^\]]*)\],'
    r'(?:\s*path:\s*"(?P<path>[^"]+)")?)'
)
IMPORT = re.compile(r"^(?:@\w+ )*(?:package |public |internal |private |fileprivate )?import (\w+)", re.M)


def targets():
    """Name -> (folder, names of what it may import)."""
    found = {}
    for match in TARGET.finditer((ROOT / "Package.swift").read_text(encoding="utf-8")):
        name = match["short"] or match["name"]
        names = set(re.findall(r'"(\w+)"', match["list"] or match["named"] or ""))
        if match["kind"] == "tests":
            names.add("TestKit")
        folder = match["path"] or ("Tests/" if match["kind"] == "tests" else "Sources/") + name
        found[name] = (ROOT / folder, names)
    return found


def reached(name, known):
    seen, waiting = set(), [name]
    while waiting:
        for other in known.get(waiting.pop(), (None, set()))[1] - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def main():
    known = targets()
    if not FORBIDDEN.keys() & known.keys() or len(known) < 20:
        print("Package.swift is written in a way that this script does not read", file=sys.stderr)
        return 1
    faults = 0
    for name, (folder, allowed) in sorted(known.items()):
        for path in sorted(folder.rglob("*.swift")):
            for module in IMPORT.findall(path.read_text(encoding="utf-8")):
                if module in known and module not in allowed:
                    faults += 1
                    print(f"{path.relative_to(ROOT)} imports {module}, which {name} does not depend on", file=sys.stderr)
        for module in sorted(reached(name, known) & FORBIDDEN.get(name, set())):
            faults += 1
            print(f"{name} reaches {module}, which it must not know", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
