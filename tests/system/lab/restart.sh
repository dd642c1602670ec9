#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon is killed with SIGKILL under traffic and started again, some times over.  Sessions that
# are older than a second go on: without a card (CARD=none) by what the daemon kept in memory that
# outlives it; with one, the card forwards them while nobody is there, and not a packet is lost: no
# end of any connection sends a segment twice.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 77; }

readonly CARD=${CARD:-sim}
readonly CLIENTS=2
readonly SESSIONS=10 # Of each client.
readonly PAUSE=0.1
readonly ROUNDS=${ROUNDS:-2}
readonly DEAD_S=3
readonly LAB=fpvs-restart-$$
readonly BUILD=$(readlink -f "${1:-build}")
readonly WORK=$BUILD/restart-$CARD
readonly PORT=3306
export STATE=$WORK/state

. tests/system/lab/topology.sh
. tests/system/lab/director.sh

others=()
clean_up() {
    trap - EXIT
    director_stop
    [ ${#others[@]} = 0 ] || kill "${others[@]}" 2>/dev/null
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# field N: of all clients' reports together.
field() { cat "$WORK"/client*.report | awk -v n="$1" '{ sum += $n } END { print sum + 0 }'; }
whole() { [ "$(field 1)" = $((CLIENTS * SESSIONS)) ]; }
more_answers() { [ "$(field 2)" -ge "$1" ]; }
# Segments that were sent again, by all ends of connections.
sent_again() {
    local host
    for host in client1 client2 db01 db02; do
        in_ns $host awk '/^Tcp:/ { if ($13 ~ /^[0-9]+$/) print $13 }' /proc/net/snmp
    done | awk '{ sum += $1 } END { print sum + 0 }'
}
card_running() { fpvsadm card status | grep -q running; }
offloaded() { [ "$(card_counter flows)" = "$1" ]; }
established() { fpvsadm -Lnc | grep -c ESTABLISHED; }
kept() { fpvsadm -Ln >/dev/null && [ "$(established)" -ge $((CLIENTS * SESSIONS)) ]; }

mkdir -p "$WORK" && rm -f "$WORK"/*
lab_up || give_up "the network namespaces could not be made."
for host in db01 db02; do
    become_in_ns $host tests/system/lab/echo_sessions.py serve $PORT $host &
    others+=($!)
done
director_start tests/data/lab/lvs01.conf
[ "$CARD" = none ] || director_load_card
wait_for "the virtual IP is on the director" vip_on_director
wait_for "both servers are up" servers_up 2

heading "$((CLIENTS * SESSIONS)) sessions, each asks every $PAUSE s"
for ((i = 1; i <= CLIENTS; i++)); do
    become_in_ns "client$i" tests/system/lab/echo_sessions.py ask $VIP $PORT $SESSIONS $PAUSE \
        "$WORK/client$i.report" &
    others+=($!)
done
wait_for "they are open" whole
if [ "$CARD" != none ]; then
    wait_for "the card forwards them" offloaded $((CLIENTS * SESSIONS))
fi
# A connection may be lost if it is not a second old.
wait_for "they are older than a second" more_answers $((CLIENTS * SESSIONS * 15))

for ((round = 1; round <= ROUNDS; round++)); do
    heading "Round $round: the daemon is killed"
    again=$(sent_again)
    kill -KILL "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null
    before=$(field 2)
    sleep $DEAD_S # The time without a daemon is what is tested.
    answers=$(($(field 2) - before))
    say "  $answers answers in $DEAD_S s without a daemon"
    [ "$CARD" = none ] ||
        check "the card forwards without it" [ "$answers" -ge $((CLIENTS * SESSIONS * DEAD_S)) ]
    director_start tests/data/lab/lvs01.conf
    wait_for "it knows its connections again" kept
    if [ "$CARD" != none ]; then
        wait_for "the card forwards them still" offloaded $((CLIENTS * SESSIONS))
    fi
    before=$(field 2)
    wait_for "all go on" more_answers $((before + CLIENTS * SESSIONS * 10))
    check "sessions: $(field 1) of $((CLIENTS * SESSIONS)) are whole" whole
    [ "$CARD" = none ] ||
        check "segments sent again: $(($(sent_again) - again))" [ "$(sent_again)" = "$again" ]
    grep '\[state\]\|state:' "$WORK/fpvsd.log" | tail -n 2
done

heading "Another form, another boot: nothing is taken over"
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
printf 'X' | dd of="$STATE" bs=1 seek=24 conv=notrunc status=none
director_start tests/data/lab/lvs01.conf
check "the log says so" grep -q 'it is of an earlier boot of the machine' "$WORK/fpvsd.log"
check "it begins without connections" [ "$(established)" = 0 ]
if [ "$CARD" != none ]; then
    # The card is the same, but nobody knows its flows.
    wait_for "the card runs" card_running
    wait_for "it has forgotten them" offloaded 0
fi
clean_up
[ $failures = 0 ]
