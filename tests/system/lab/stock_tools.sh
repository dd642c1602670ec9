#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A user who keeps the tools: the stock keepalived and the stock ipvsadm drive fpvsd through the
# preload library.  keepalived elects, checks and edits; fpvsd only forwards.  A server that dies
# leaves the table and returns when it lives again, and keepalived's end empties it.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 77; }
command -v keepalived ipvsadm >/dev/null || { echo "skipped: no stock tools here"; exit 77; }

readonly CLIENTS=2
readonly LAB=fpvs-stock-$$
readonly BUILD=${1:-$PWD/build}
readonly WORK=$BUILD/stock_tools

. tests/system/lab/topology.sh
. tests/system/lab/mariadb.sh
. tests/system/lab/director.sh

keepalived_pid=''
clean_up() {
    trap - EXIT
    [ -n "$keepalived_pid" ] && kill "$keepalived_pid" 2>/dev/null && wait "$keepalived_pid"
    director_stop
    mariadb_stop
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

readonly DIVERT=(env "LD_PRELOAD=$BUILD/lib/libfpvs_ipvs.so" "FPVS_IPVS_SOCKET=$WORK/ipvs.sock")
stock() { "${DIVERT[@]}" "$@"; }
servers_listed() { [ "$(stock timeout 5 ipvsadm -Ln | grep -c Route)" = "$1" ]; }
query() {
    in_ns "$1" timeout 5 mariadb --no-defaults -uroot -p$DB_PASSWORD -h $VIP -N -B \
        -e 'SELECT name FROM lab.whoami'
}

mkdir -p "$WORK" && rm -f "$WORK"/*.log
lab_up || give_up "the network namespaces could not be made."
mariadb_prepare >"$WORK/mariadb-install.log" 2>&1 || give_up "MariaDB's data could not be made."
mariadb_start db01 11
mariadb_start db02 142
mariadb_wait db01 && mariadb_wait db02 || give_up "MariaDB did not start."
become_in_ns lvs01 "$BUILD/bin/fpvsd" --standby "ens160=af_packet:wire0@$LAB-lvs01-wire" \
    >"$WORK/fpvsd.log" 2>&1 &
daemon_pid=$!
wait_for "the control socket answers" fpvsadm -Ln

become_in_ns lvs01 "${DIVERT[@]}" keepalived -n -l -D -f tests/data/lab/lvs02.conf \
    -p "$WORK/keepalived.pid" -r "$WORK/vrrp.pid" -c "$WORK/checkers.pid" \
    >"$WORK/keepalived.log" 2>&1 &
keepalived_pid=$!
wait_for "stock ipvsadm lists what stock keepalived added" servers_listed 2
wait_for "the virtual IP is on the director" vip_on_director
stock timeout 5 ipvsadm -Ln

heading "What must hold"
check "client 1 is served by db02, the server added last" [ "$(query client1)" = db02 ]
check "client 2 is served by db01" [ "$(query client2)" = db01 ]
check "both tools print the same table" \
    [ "$(stock timeout 5 ipvsadm -Ln)" = "$(fpvsadm -Ln)" ]
check "stock ipvsadm lists the connections" \
    [ "$(stock timeout 5 ipvsadm -Lnc | grep -c '192.168.113.100:3306')" -ge 4 ]
check "stock ipvsadm's errors are the kernel's" \
    [ "$(stock timeout 5 ipvsadm -A -t $VIP:3306 -s rr 2>&1)" = "Service already exists" ]
kill "${DB_PIDS[db02]}"
wait_for "the dead server has left the table" servers_listed 1
check "client 1 is served by the other one" [ "$(query client1)" = db01 ]
wait "${DB_PIDS[db02]}" 2>/dev/null
mariadb_start db02 142
mariadb_wait db02 || give_up "db02 did not start again."
wait_for "the server is back in the table" servers_listed 2
check "client 2 stays with its server" [ "$(query client2)" = db01 ]
kill "$keepalived_pid"
wait "$keepalived_pid"
keepalived_pid=''
check "keepalived's end leaves an empty table" servers_listed 0
clean_up
[ $failures = 0 ]
