#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The user's two directors: lvs01 and lvs02 are fpvsd with the lab's own keepalived files,
# unchanged, each with a simulated card (CARD=none: without).  A client asks MariaDB through the
# virtual IP all the time.  The master is killed, and comes back.
#
# Prints what the client saw as a time line.  Exits 0 only if the other director took over within
# the protocol's time, the old one took the address back when it returned, and the client was served
# before, between and after.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || {
    echo "needs root"
    exit 77
}

readonly CARD=${CARD:-sim}
readonly CLIENTS=1
DIRECTORS=2
readonly LAB=fpvs-failover-$$
readonly BUILD=$(readlink -f "${1:-build}")
readonly WORK=$BUILD/failover
# Three intervals of a second and the skew of priority 100 (RFC 3768 6.1), what the client's
# connection in hand may take until it is given up, and what a busy machine adds.
readonly PATIENCE_MS=400
readonly OUTAGE_MS_MAX=$((3610 + PATIENCE_MS + 1000))

. tests/system/lab/topology.sh
. tests/system/lab/mariadb.sh
. tests/system/lab/director.sh

declare -A directors=()
client_pid=''

clean_up() {
    trap - EXIT
    [ -z "$client_pid" ] || kill "$client_pid" 2>/dev/null
    local host
    for host in "${!directors[@]}"; do
        kill -TERM "${directors[$host]}" 2>/dev/null
        wait "${directors[$host]}" 2>/dev/null
    done
    mariadb_stop
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

now_ms() { date +%s%3N; }
note() { printf '%s %s\n' "$(now_ms)" "$*" >>"$WORK/events"; }
fpvsadm_of() {
    local host=$1
    shift
    FPVS_SOCKET=$WORK/$host.sock "$BUILD/bin/fpvsadm" "$@"
}
answers() { fpvsadm_of "$1" -Ln >/dev/null 2>&1; }
is_master() { fpvsadm_of "$1" vrrp 2>/dev/null | grep -q MASTER; }
checked() { [ "$(fpvsadm_of "$1" health | grep -c ' up ')" = 2 ]; }

# start HOST: fpvsd with HOST.conf, and its card.
start() {
    FPVS_SOCKET=$WORK/$1.sock run_director "$1" "tests/data/lab/$1.conf" >>"$WORK/$1.log" 2>&1 &
    directors[$1]=$!
    daemon_pid=$!
    wait_for "$1 answers" answers "$1"
    [ "$CARD" = none ] || fpvsadm_of "$1" card load "$BITSTREAM" >/dev/null ||
        give_up "$1 did not load the card."
}

# A line a connection: when it began, how long it took, and who answered.
client_loop() {
    local begin answer
    while :; do
        begin=$(now_ms)
        answer=$(in_ns client1 timeout 0.$PATIENCE_MS mariadb --no-defaults -uroot -p$DB_PASSWORD \
            -h $VIP -P 3306 -N -B -e 'SELECT name FROM lab.whoami' 2>/dev/null)
        printf '%s %s %s\n' "$begin" "$(($(now_ms) - begin))" "${answer:-none}"
        sleep 0.05
    done
}

# time_line BEGIN: events and the client's fortune, in order.
time_line() {
    awk '
        FNR == NR { event[NR] = substr($0, index($0, " ") + 1); at[NR] = $1; next }
        $3 == "none" { if (!unanswered++) since = $1; last = $1; next }
        unanswered {
            print since, "client: " unanswered " connections without an answer, until"
            print $1, "client: served again by " $3 " (" $1 - since " ms later)"
            unanswered = 0
        }
        !served++ { print $1, "client: served by " $3 }
        { last = $1 }
        END {
            for (e in event) print at[e], event[e]
            print last, "client: " served " connections served in all"
        }' "$WORK/events" "$WORK/client" | sort -n |
        awk -v zero="$1" '{ t = $1; $1 = ""; printf "  %7.2f s %s\n", (t - zero) / 1000, $0 }'
}

# longest_outage FROM TO: the longest time without an answer, from the last one before to the next,
# of connections that began in between.
longest_outage() {
    awk -v from="$1" -v to="$2" '
        $3 == "none" { next }
        end && $1 >= from && end <= to && $1 - end > longest { longest = $1 - end }
        { end = $1 + $2 }
        END { print longest + 0 }' "$WORK/client"
}
served_between() {
    awk -v from="$1" -v to="$2" '
        $1 >= from && $1 < to && $3 != "none" { n++ }
        END { print n + 0 }' "$WORK/client"
}

mkdir -p "$WORK" || exit 1
rm -f "$WORK"/*.log "$WORK/events" "$WORK/client"

heading "Two directors, two MariaDB servers, a client"
lab_up || give_up "the network namespaces could not be made."
mariadb_prepare >"$WORK/mariadb-install.log" 2>&1 || give_up "MariaDB's data could not be made."
mariadb_start db01 11
mariadb_start db02 142
for host in db01 db02; do
    mariadb_wait $host || give_up "$host did not start: $(tail -n 1 "$WORK/$host/log")"
done
zero=$(now_ms)
note "lvs01 starts (state MASTER, priority 100)"
start lvs01
wait_for "lvs01 is master: nobody else is there" is_master lvs01
note "lvs01 is master"
wait_for "lvs01 has checked its servers" checked lvs01
client_loop >"$WORK/client" &
client_pid=$!
note "lvs02 starts (state BACKUP, priority 150)"
start lvs02
wait_for "lvs02 is master: its priority is higher" is_master lvs02
preempted=$(now_ms)
note "lvs02 is master"
wait_for "lvs02 has checked its servers" checked lvs02
sleep 2

heading "lvs02 is killed"
killed=$(now_ms)
note "lvs02 is killed (kill -9)"
kill -KILL "${directors[lvs02]}"
wait "${directors[lvs02]}" 2>/dev/null
unset 'directors[lvs02]'
daemon_pid=${directors[lvs01]}
wait_for "lvs01 is master" is_master lvs01
note "lvs01 is master"
sleep 3

heading "lvs02 comes back"
returned=$(now_ms)
note "lvs02 starts again"
start lvs02
wait_for "lvs02 is master again" is_master lvs02
back=$(now_ms)
note "lvs02 is master"
sleep 3
kill "$client_pid" 2>/dev/null
wait "$client_pid" 2>/dev/null
client_pid=''
finished=$(now_ms)

heading "What the client saw"
time_line "$zero"

heading "What must hold"
outage=$(longest_outage "$killed" "$returned")
check "master killed: the client waited $outage ms (at most $OUTAGE_MS_MAX)" \
    [ "$outage" -gt 0 -a "$outage" -le $OUTAGE_MS_MAX ]
check "served by lvs02 before: $(served_between "$preempted" "$killed") connections" \
    [ "$(served_between "$preempted" "$killed")" -gt 0 ]
check "served by lvs01 meanwhile: $(served_between "$((killed + outage))" "$returned")" \
    [ "$(served_between "$((killed + outage))" "$returned")" -gt 0 ]
outage=$(longest_outage "$returned" "$finished")
check "lvs02 back: the longest wait was $outage ms (at most 1500)" [ "$outage" -le 1500 ]
check "served by lvs02 after: $(served_between "$back" "$finished")" \
    [ "$(served_between "$back" "$finished")" -gt 0 ]
check "lvs02 has the address, lvs01 has not" \
    sh -c "ip -n $LAB-lvs02 -o addr show dev ens160 | grep -q ' $VIP/' &&
        ! ip -n $LAB-lvs01 -o addr show dev ens160 | grep -q ' $VIP/'"

clean_up
[ $failures = 0 ] || exit 1
