#!/usr/bin/env python3
"""Checks that what code says of providers stands in docs/providers: each section that is cited is there, nothing outside of the
project is cited, and the sizes and presets of the pages are those of the code."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = {name: (ROOT / f"docs/providers/{name}.md").read_text(encoding="utf-8") for name in ("runware", "ideogram")}
NUMBER = r"\d+(?:\.\d+)?"
CITATION = re.compile(rf"providers/(runware|ideogram)\.md((?:(?:, | and | to ){NUMBER})+)")
PAGE_TO_PAGE = re.compile(rf"\]\((runware|ideogram)\.md\)((?:(?:, | and | to ){NUMBER})+)")
ELSEWHERE = re.compile(r"reference/\w|provider-docs|(?<![/(\[])\b(?:runware|ideogram)\.md\b")
complaints = []


def joined(text):
    """Comments as running text, so that a citation may go over the end of a line."""
    return re.sub(r"\n[ \t]*///?[ \t]*", " ", text)


def sections(page):
    return set(re.findall(rf"^#+ ({NUMBER})\.? ", PAGES[page], re.MULTILINE))


def look(path, text, pattern):
    for page, numbers in pattern.findall(text):
        for number in re.findall(NUMBER, numbers):
            if number not in sections(page):
                complaints.append(f"{path} cites docs/providers/{page}.md, {number}: there is no such section.")


def block(page, heading, after=""):
    """The words of the first indented block behind a heading, and behind a text below it."""
    text = PAGES[page]
    start = text.index(after, text.index(f"### {heading} ")) if after else text.index(f"### {heading} ")
    return set(re.search(r"\n((?:    \S.*\n)+)", text[start:])[1].split())


def sizes(path, name):
    text = re.search(rf"let {name} = \w+\(\s*(.*?)\n    [\])]", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL)[1]
    return {f"{w}x{h}" for w, h in re.findall(r"(\d+)(?:, |x)(\d+)", text)}


def presets(path):
    return set(re.findall(r"\b[0-9A-Z][0-9A-Z_]{3,}\b", (ROOT / path).read_text(encoding="utf-8")))


def same(what, page, code):
    if page != code:
        complaints.append(f"{what}: page and code differ in {' '.join(sorted(page ^ code))}.")


for path in subprocess.check_output(["git", "-C", str(ROOT), "ls-files", "*.swift", "*.md", "*.sql"], text=True).split():
    file = ROOT / path
    if not file.is_file():
        continue
    text = joined(file.read_text(encoding="utf-8"))
    look(path, text, CITATION)
    if path.startswith("docs/providers/"):
        look(path, text, PAGE_TO_PAGE)
    elif path.endswith(".swift") and ELSEWHERE.search(text):
        complaints.append(f"{path} cites what is not in the project: {ELSEWHERE.search(text)[0]}")

CORE, SANDBOX = "Sources/EaselCore/Request/SizeTable.swift", "Sources/EaselSandbox/Service/Sizes.swift"
tables = {
    "ideogram4": block("runware", "3.5", "`ideogram:4@remix`"),
    "ideogram3": block("runware", "3.5", "`ideogram:4@2`"),
    "ideogram1": block("runware", "3.5", "`ideogram:1@2`"),
}
for name, table in tables.items():
    same(f"{CORE}, {name}", table, sizes(CORE, name))
    same(f"{SANDBOX}, {name}", table, sizes(SANDBOX, name))
same("docs/providers/ideogram.md, 3.1", block("ideogram", "3.1"), tables["ideogram4"])
same(f"{SANDBOX}, ideogram4Small", block("ideogram", "3.1", "15 smaller"), sizes(SANDBOX, "ideogram4Small"))
same(f"{SANDBOX}, legacy", block("ideogram", "3.5", "Resolutions"), sizes(SANDBOX, "legacy"))
for path in ("Sources/EaselCore/Request/StylePresets.swift", "Sources/EaselSandbox/Service/StylePresets.swift"):
    same(path, block("runware", "3.6"), presets(path))

print("\n".join(complaints), file=sys.stderr) if complaints else None
sys.exit(1 if complaints else 0)
