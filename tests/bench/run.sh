#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every benchmark program, prints one table and writes build/bench.json.
#
# A benchmark is a program build/bin/bench_*, or the lab's throughput.sh, that prints one JSON
# object a line for each figure:
# {"name": ..., "value": ..., "unit": ..., "better": "lower"|"higher", "must": ..., "aim": ...}
# (must and aim only where an issue gives them).  Other lines are shown as they are.
set -uo pipefail
readonly BUILD=$1
readonly FIGURES=$BUILD/bench.jsonl
: >"$FIGURES"
failed=0
for program in "$BUILD"/bin/bench_* tests/system/lab/throughput.sh; do
    [ -x "$program" ] || continue
    printf '== %s\n' "${program##*/}"
    timeout 600 "$program" | tee >(grep '^{"name"' >>"$FIGURES") | grep -v '^{"name"'
    [ "${PIPESTATUS[0]}" = 0 ] || { printf '%s failed\n' "${program##*/}"; failed=1; }
done
/usr/bin/python3 "$(dirname "$0")/report.py" "$FIGURES" "$BUILD/bench.json" || failed=1
exit $failed
