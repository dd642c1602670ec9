#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two directors with VRRP and connection synchronisation: a client holds HELD connections, and
# others have their servers by persistence.  The master is killed; then it comes back, is told of
# everything by the other (docs/decisions/0015), and takes over again.  Each time every connection
# must go on with its server, and the others must get theirs.
#
# Without cards, so that the slow path carries everything.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || {
    echo "needs root"
    exit 77
}

readonly HELD=${HELD:-10000}
readonly CLIENTS=1
readonly SOURCES=16
DIRECTORS=2
readonly LAB=fpvs-synctake-$$
readonly BUILD=$(readlink -f "${1:-build}")
readonly WORK=$BUILD/sync_takeover
readonly PERSISTENT_VIP=192.168.113.101
readonly ROUND_SECONDS_MAX=60

. tests/system/lab/topology.sh
. tests/system/lab/web.sh
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
    web_stop
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fpvsadm_of() {
    local host=$1
    shift
    FPVS_SOCKET=$WORK/$host.sock "$BUILD/bin/fpvsadm" "$@"
}
answers() { fpvsadm_of "$1" -Ln >/dev/null 2>&1; }
is_master() { fpvsadm_of "$1" vrrp 2>/dev/null | grep -q MASTER; }
checked() { [ "$(fpvsadm_of "$1" health | grep -c ' up ')" = 4 ]; }
runs_daemon() { fpvsadm_of "$1" -L --daemon | grep -q "^$2 sync daemon"; }
established() { fpvsadm_of "$1" -Lnc | grep -c " ESTABLISHED .* $VIP:"; }
has_all() { [ "$(established "$1")" -ge "$HELD" ]; }

# configure HOST PRIORITY
configure() {
    local service server
    {
        cat <<CONF
global_defs {
    router_id $1
    lvs_sync_daemon ens160 inst VI_1 id 51
}
vrrp_instance VI_1 {
    interface ens160
    virtual_router_id 51
    priority $2
    advert_int 1
    virtual_ipaddress {
        $VIP
        $PERSISTENT_VIP
    }
}
CONF
        for service in $VIP $PERSISTENT_VIP; do
            printf 'virtual_server %s %s {\n    lb_algo rr\n    lb_kind DR\n' "$service" $WEB_PORT
            printf '    protocol TCP\n    delay_loop 1\n'
            [ "$service" = $VIP ] || printf '    persistence_timeout 300\n'
            for server in 192.168.113.11 192.168.113.142; do
                printf '    real_server %s %s { TCP_CHECK { connect_timeout 3 } }\n' \
                    "$server" $WEB_PORT
            done
            printf '}\n'
        done
    } >"$WORK/$1.conf"
}

start() {
    FPVS_SOCKET=$WORK/$1.sock run_director "$1" "$WORK/$1.conf" >>"$WORK/$1.log" 2>&1 &
    directors[$1]=$!
    daemon_pid=$!
    wait_for "$1 answers" answers "$1"
}

# kill_director HOST OTHER
kill_director() {
    kill -KILL "${directors[$1]}"
    wait "${directors[$1]}" 2>/dev/null
    unset "directors[$1]"
    daemon_pid=${directors[$2]}
    wait_for "$2 is master" is_master "$2"
}

# round: what the client says of all its connections now.
round() {
    [ "${1:-}" = first ] || printf '\n' >&"${client[1]}"
    answer=''
    IFS= read -r -t $ROUND_SECONDS_MAX answer <&"${client[0]}"
    say "  the client: ${answer:-no answer}"
}

mkdir -p "$WORK" || exit 1
rm -f "$WORK"/*.log

heading "Two directors, two web servers, a client"
lab_up || give_up "the network namespaces could not be made."
sources=()
for ((i = 0; i < SOURCES; i++)); do
    sources+=("192.168.113.$((200 + i))")
    ip -n "$LAB-client1" addr add "192.168.113.$((200 + i))/24" dev eth0
done
for host in db01 db02; do
    ip -n "$LAB-$host" addr add "$PERSISTENT_VIP/32" dev lo
    web_start $host
done
configure lvs01 150
configure lvs02 100
start lvs01
wait_for "lvs01 is master: nobody else is there" is_master lvs01
wait_for "lvs01 has checked its servers" checked lvs01
start lvs02
wait_for "lvs02 has checked its servers" checked lvs02
check "lvs01 runs the master's daemon, lvs02 the backup's" \
    eval 'runs_daemon lvs01 master && runs_daemon lvs02 backup'

heading "A client holds $HELD connections"
coproc client {
    become_in_ns client1 tests/system/lab/takeover_client.py $VIP $WEB_PORT "$HELD" \
        $PERSISTENT_VIP "${sources[@]}" 2>"$WORK/client.log"
}
client_pid=$client_PID
readonly ALL="held $HELD of $HELD, persistent $SOURCES of $SOURCES"
round first
check "all are open" [ "$answer" = "$ALL" ]
wait_for "lvs02 knows them" has_all lvs02

heading "lvs01, the master, is killed (kill -9)"
kill_director lvs01 lvs02
round
check "0 of $HELD lost, persistence holds" [ "$answer" = "$ALL" ]

heading "lvs01 comes back, with a higher priority"
start lvs01
wait_for "lvs01 knows all of them" has_all lvs01
wait_for "lvs01 is master" is_master lvs01
say "  lvs01: $(grep -o 'was told everything: .*' "$WORK/lvs01.log")"
round
check "0 of $HELD lost, persistence holds" [ "$answer" = "$ALL" ]

clean_up
[ $failures = 0 ] || exit 1
