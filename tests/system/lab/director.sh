# SPDX-License-Identifier: Apache-2.0
# The directors of the lab, to be sourced: fpvsd in the namespace lvs01 (or another), its tools, and
# what scripts say and check about it.  Needs in_ns (topology.sh), BUILD and WORK.

readonly BITSTREAM=$BUILD/bitstreams/sim/fpvs-sim.xclbin
readonly READY_SECONDS_MAX=30
export FPVS_SOCKET=$WORK/fpvsd.sock

daemon_pid=''
failures=0

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }
give_up() {
    say "gave up: $1"
    [ -s "$WORK/fpvsd.log" ] && tail -n 20 "$WORK/fpvsd.log"
    exit 1
}

# check TEXT TEST...: one promise of the script.
check() {
    local text=$1
    shift
    if "$@"; then
        printf '  ok      %s\n' "$text"
    else
        printf '  FAILED  %s\n' "$text"
        failures=$((failures + 1))
    fi
}
at_least() { awk -v value="$1" -v least="$2" 'BEGIN { exit !(value >= least) }'; }

fpvsadm() { "$BUILD/bin/fpvsadm" "$@"; }

# The number behind NAME in `fpvsadm card status`, 0 where there is none.
card_counter() {
    local value
    value=$(fpvsadm card status | grep -o "\b$1 *[0-9]\+" | grep -o '[0-9]*$' | head -n 1)
    printf '%s\n' "${value:-0}"
}

# wait_for WHAT COMMAND...: polls until the command holds.
wait_for() {
    local what=$1 begin=$SECONDS
    shift
    until "$@" >/dev/null 2>&1; do
        kill -0 "$daemon_pid" 2>/dev/null || give_up "fpvsd ended while waiting for: $what."
        [ $((SECONDS - begin)) -lt $READY_SECONDS_MAX ] || give_up "did not come true: $what."
        sleep 0.2
    done
    say "  $what after $((SECONDS - begin)) s"
}

vip_on_director() { ip -n "$LAB-lvs01" -o addr show dev ens160 | grep -q " $VIP/"; }
servers_up() { [ "$(fpvsadm health | grep -c ' up ')" -ge "$1" ]; }

# run_director HOST CONFIG: becomes fpvsd with that file; the wire is reached by the card once one
# is loaded, and by a DPDK port of the same wire until then.  WORKERS is how many there are, 1 if
# not set; STATE the file that outlives it, none if not set.
run_director() {
    export FPVS_SIMCARD_PORTS="veth:wire0@$LAB-$1-wire"
    become_in_ns "$1" "$BUILD/bin/fpvsd" --config "$2" \
        --port ens160=card:0 --standby "ens160=af_packet:wire0@$LAB-$1-wire" \
        ${WORKERS:+--workers "$WORKERS"} ${STATE:+--state "$STATE"}
}

# director_start CONFIG: the director of scripts that have one.
director_start() {
    : >"$WORK/fpvsd.log"
    run_director lvs01 "$1" >>"$WORK/fpvsd.log" 2>&1 &
    daemon_pid=$!
    wait_for "the control socket answers" fpvsadm -Ln
}

director_load_card() {
    say "  # fpvsadm card load ${BITSTREAM#"$PWD"/}"
    fpvsadm card load "$BITSTREAM" || give_up "the bitstream was not loaded."
}

director_stop() {
    [ -n "$daemon_pid" ] || return 0
    kill -TERM "$daemon_pid" 2>/dev/null
    wait "$daemon_pid" 2>/dev/null
    daemon_pid=''
}
