#!/usr/bin/env bash
# Small rules of CONTRIBUTING that no formatter knows: no machine's paths, no postponed work, embedded migrations up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

fail=0
complain() {
    echo "$1" >&2
    fail=1
}

roots='work|farm|root|home'
if git grep -nE "(^|[^A-Za-z0-9_.])/($roots)/" -- . ':!scripts/check-text.sh'; then
    complain 'Paths of a machine do not belong in the project.'
fi
marks='TO''DO|FIX''ME|XX''X|HA''CK'
if git grep -nwE "$marks" -- '*.swift' '*.sql' '*.sh' Makefile; then
    complain 'Finish it, or open an issue.'
fi
if ! scripts/embed-migrations.sh --check; then
    complain 'Run scripts/embed-migrations.sh: the binary carries other migrations than migrations/ holds.'
fi
if ! scripts/embed-page.sh --check; then
    complain 'Run scripts/embed-page.sh: the binary carries other files than dashboards/web holds.'
fi

for page in docs/decisions/[0-9]*.md; do
    if ! grep -qF "($(basename "$page"))" docs/decisions/README.md; then
        complain "docs/decisions/README.md does not list $(basename "$page")."
    fi
done
for room in Sources/[Ee]*/; do
    [ -f "${room}README.md" ] || complain "${room}README.md is missing: what lives there, and what may not."
done

# Foundation's calls that end the process when a descriptor cannot be written or read, and what may block or fail unseen:
# Descriptor, InputFile and OutputFile of EaselBase are the doors, Output that of the command line, Log that of servers.
traps='FileHandle\.standard(Output|Error|Input)|FileHandle\(for(Writing|Updating)|(readability|writeability)Handler'
traps+='|readDataToEndOfFile|readData\(ofLength|\.availableData|\.write\(Data\('
words='(^|[^.A-Za-z0-9_])(print|debugPrint|dump|fputs|fputc|puts|putchar|fwrite|printf|vprintf|fprintf|NSLog)\('
if git grep -nE "$traps|$words" -- 'Sources/*.swift' ':!Sources/easel/Terminal/Output.swift' | grep -vE 'func (print|dump)\('; then
    complain 'Write and read by Descriptor, InputFile, OutputFile, Output or Log: what these lines use can end the process.'
fi
if git grep -nE 'Terminal\.of\(\.standardOutput' -- 'Sources/easel/*.swift' ':!Sources/easel/Terminal/Output.swift'; then
    complain 'Ask Output.style or Output.terminal: colours that others make are shown as escapes.'
fi
inner='\\\((error|error\.kind\.rawValue)\)|describing: *(error|failure)\b|localizedDescription'
if git grep -nE "$inner" -- 'Sources/*.swift' ':!Sources/EaselBase/Explained.swift'; then
    complain 'Errors reach people by sentence(for:), which shows no types, cases or codes.'
fi
if ! scripts/cited-facts.py; then
    complain 'Facts of providers stand in docs/providers, by section; docs/providers/README.md tells how to add one.'
fi
if ! scripts/target-arrows.py; then
    complain 'Arrows between targets stand in Package.swift; the way of a call knows no server.'
fi
exit "$fail"
