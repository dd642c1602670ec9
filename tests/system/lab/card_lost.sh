#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A card dies under load and comes back: long-lived MariaDB sessions go on through the simulated
# card, through the slow path after its simulator was killed, and through a new card after that,
# which the daemon loads by itself.  Then a file that is no bitstream is refused without a trace,
# and another load under the same sessions loses nothing either.
# Each session counts its answers and must keep its server-side connection id all along.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 77; }

readonly CLIENTS=4
readonly QUERIES=90
readonly PAUSE=0.25
readonly LAB=fpvs-lost-$$
readonly BUILD=${1:-$PWD/build}
readonly WORK=$BUILD/card_lost

. tests/system/lab/topology.sh
. tests/system/lab/mariadb.sh
. tests/system/lab/director.sh

clean_up() {
    trap - EXIT
    director_stop
    mariadb_stop
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

session() { # One connection that asks for a while; a line an answer: connection id, server.
    local i
    for ((i = 0; i < QUERIES; i++)); do
        echo 'SELECT CONNECTION_ID(), name FROM lab.whoami;'
        sleep $PAUSE
    done | in_ns "$1" mariadb --no-defaults --unbuffered -uroot -p$DB_PASSWORD -h $VIP -N -B \
        >"$WORK/$1.answers" 2>"$WORK/$1.errors"
}
answers() { cat "$WORK"/client*.answers | wc -l; }
answers_passed() { [ "$(answers)" -gt "$1" ]; }
card_running() { fpvsadm card status | grep -q running; }
card_gone() { ! card_running; }
forwarding() { [ "$(card_counter forwarded)" -gt "$1" ]; }

mkdir -p "$WORK" && rm -f "$WORK"/*.answers "$WORK"/*.errors "$WORK"/*.log
lab_up || give_up "the network namespaces could not be made."
mariadb_prepare >"$WORK/mariadb-install.log" 2>&1 || give_up "MariaDB's data could not be made."
mariadb_start db01 11
mariadb_start db02 142
mariadb_wait db01 && mariadb_wait db02 || give_up "MariaDB did not start."
director_start tests/data/lab/lvs01.conf
director_load_card
wait_for "the virtual IP is on the director" vip_on_director

heading "$CLIENTS sessions, $QUERIES queries each, one every $PAUSE s"
sessions=()
for ((i = 1; i <= CLIENTS; i++)); do
    session "client$i" &
    sessions+=($!)
done
wait_for "the card forwards the sessions" forwarding $((4 * CLIENTS))

heading "The simulator is killed"
simulator=$(pgrep -P "$daemon_pid" -f simcard)
kill -KILL $simulator || give_up "there is no simulator to kill."
before=$(answers)
wait_for "the daemon has noticed" card_gone
wait_for "the sessions go on without it" answers_passed $((before + 4 * CLIENTS))
fpvsadm card status | head -n 4

heading "A new card comes by itself"
wait_for "the card runs" card_running
wait_for "the card forwards the same connections" forwarding $((2 * CLIENTS))

heading "A bitstream under load"
printf 'no xclbin' >"$WORK/wrong.xclbin"
refused=$(fpvsadm card load "$WORK/wrong.xclbin" 2>&1)
status=$?
say "  $refused"
check "a file that is none is refused" [ $status != 0 ]
check "and what ran runs on" forwarding $((2 * CLIENTS))
director_load_card
wait_for "the new card forwards the same connections" forwarding $((2 * CLIENTS))
wait "${sessions[@]}"

heading "What must hold"
check "answers: $(answers) of $((CLIENTS * QUERIES))" [ "$(answers)" = $((CLIENTS * QUERIES)) ]
check "no session was interrupted: one connection id and one server each" \
    [ "$(for ((i = 1; i <= CLIENTS; i++)); do sort -u "$WORK/client$i.answers"; done | wc -l)" \
    = $CLIENTS ]
check "no client saw an error" sh -c "! cat '$WORK'/client*.errors | grep -q ."
check "the log says what happened" grep -qi 'card.*\(lost\|unavailable\|ended\)' "$WORK/fpvsd.log"
clean_up
[ $failures = 0 ]
