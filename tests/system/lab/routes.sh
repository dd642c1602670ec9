#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three directors active at once behind a router with equal-cost routes, which FRR announces for
# them.  A client holds SESSIONS connections, each of which asks all the time, while directors come
# and go: one is added, one is drained, one's FRR is restarted, one is killed, one is stopped.  The
# router then sends flows to directors that never saw their SYN; none may break.
#
#     client .2 -- 10.50.0.0/24 -- .1 router .1 -- 192.168.113.0/24 -- lvs01 .149  db01 .11
#                                                                      lvs02 .148  db02 .142
#                                                                      lvs03 .147
#
# The servers answer the client past the directors (DR).
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 77; }
[ -x /usr/lib/frr/bgpd ] || { echo "skipped: FRR is not installed"; exit 77; }

readonly SESSIONS=${SESSIONS:-2000}
readonly QUESTIONS_PER_S=${QUESTIONS_PER_S:-1000} # Of all sessions together.
readonly CLIENTS=0
readonly LAB=fpvs-routes-$$
readonly BUILD=$(readlink -f "${1:-build}")
readonly WORK=$BUILD/routes
readonly SERVICE=203.0.113.10
readonly SERVICE6=2001:db8:113::10
readonly PORT=7000
readonly HOLD='1 3' # BGP's keepalive interval and hold time, in seconds.
readonly LINGER_S=2

. tests/system/lab/topology.sh
. tests/system/lab/director.sh
. tests/system/lab/frr.sh

declare -A directors=()
declare -A addresses=([lvs01]=192.168.113.149 [lvs02]=192.168.113.148 [lvs03]=192.168.113.147)
others=()

clean_up() {
    trap - EXIT
    local host
    for host in "${!directors[@]}"; do
        kill -KILL "${directors[$host]}" 2>/dev/null
        wait "${directors[$host]}" 2>/dev/null
    done
    [ ${#others[@]} = 0 ] || kill "${others[@]}" 2>/dev/null
    frr_stop_all
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- The network.

lab_hosts() {
    printf 'sw\nrouter\nclient\ndb01\ndb02\n'
    printf 'lvs01\nlvs01-wire\nlvs02\nlvs02-wire\nlvs03\nlvs03-wire\n'
}

network_up() {
    local host
    lab_remove_stale
    for host in $(lab_hosts); do
        ip netns add "$LAB-$host" || return 1
        ip -n "$LAB-$host" link set lo up
    done
    ip -n "$LAB-sw" link add br0 type bridge mcast_snooping 0
    ip -n "$LAB-sw" link set br0 up
    plug router eth0 192.168.113.1 02:00:00:00:13:01
    plug db01 eth0 192.168.113.11 02:00:00:00:13:0b
    plug db02 eth0 192.168.113.142 02:00:00:00:13:8e
    ip -n "$LAB-router" addr add fd00:113::1/64 dev eth0 nodad
    for host in lvs01 lvs02 lvs03; do
        plug_director $host "${addresses[$host]}" "02:00:00:00:13:9${host#lvs0}"
        ip -n "$LAB-$host" addr add "fd00:113::${host#lvs0}0/64" dev ens160 nodad
    done
    ip -n "$LAB-router" link add eth1 type veth peer name eth0 netns "$LAB-client"
    ip -n "$LAB-router" addr add 10.50.0.1/24 dev eth1
    ip -n "$LAB-router" link set eth1 up
    ip -n "$LAB-client" addr add 10.50.0.2/24 dev eth0
    ip -n "$LAB-client" link set eth0 up
    ip -n "$LAB-client" route add default via 10.50.0.1
    in_ns client ethtool -K eth0 tx off >/dev/null
    # What a flow is, to the router: addresses and ports.
    in_ns router sh -c '
        echo 1 > /proc/sys/net/ipv4/ip_forward
        echo 1 > /proc/sys/net/ipv4/fib_multipath_hash_policy
        echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
    for host in db01 db02; do
        ip -n "$LAB-$host" addr add "$SERVICE/32" dev lo
        ip -n "$LAB-$host" route add default via 192.168.113.1
        in_ns $host sh -c '
            echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
            echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce'
    done
}

# neighbours FAMILY ADDRESS...: the directors, with a session for each family.
neighbours() {
    local group=directors$1
    printf ' neighbor %s peer-group\n neighbor %s remote-as 65001\n' "$group" "$group"
    printf " neighbor %s timers $HOLD\n neighbor %s timers connect 1\n" "$group" "$group"
    printf " neighbor %s peer-group $group\n" "${@:2}"
    printf ' address-family ipv%s unicast\n  neighbor %s activate\n exit-address-family\n' \
        "$1" "$group"
}

router_start() {
    {
        cat <<CONF
hostname router
router bgp 65000
 bgp router-id 192.168.113.1
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
CONF
        neighbours 4 192.168.113.149 192.168.113.148 192.168.113.147
        neighbours 6 fd00:113::10 fd00:113::20 fd00:113::30
    } | frr_start router
}

# ---- Directors.

configure() {
    cat >"$WORK/$1.conf" <<CONF
fpvs {
    set sloppy_tcp 1
    set tables_by_address 1
    announce {
        bgp 65001
        vty_socket $FRR_FOLDER/$1
        linger $LINGER_S
        look_interval 0.5
    }
}
virtual_server $SERVICE $PORT {
    protocol TCP
    delay_loop 1
    lb_algo mh
    mh-port
    lb_kind DR
$(for server in 192.168.113.11 192.168.113.142; do cat <<SERVER
    real_server $server $PORT {
        TCP_CHECK {
            connect_timeout 2
            retry 1
            delay_before_retry 1
        }
    }
SERVER
done)
}
virtual_server $SERVICE6 $PORT {
    protocol TCP
    lb_algo mh
    lb_kind DR
    real_server fd00:113::11 $PORT {
    }
}
CONF
}

fpvsadm_of() {
    local host=$1
    shift
    FPVS_SOCKET=$WORK/$host.sock "$BUILD/bin/fpvsadm" "$@"
}
answers() { fpvsadm_of "$1" -Ln >/dev/null 2>&1; }
forwards() { fpvsadm_of "$1" -Lnc | grep -c " ESTABLISHED .* $SERVICE:"; }

# start HOST: its FRR, if that is not there, and its fpvsd.
start() {
    configure "$1"
    [ -d "$FRR_FOLDER/$1" ] || frr_start "$1" <<CONF || give_up "$1's FRR did not start."
hostname $1
router bgp 65001
 bgp router-id ${addresses[$1]}
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 neighbor 192.168.113.1 remote-as 65000
 neighbor 192.168.113.1 timers $HOLD
 neighbor 192.168.113.1 timers connect 1
 neighbor fd00:113::1 remote-as 65000
 neighbor fd00:113::1 timers $HOLD
 neighbor fd00:113::1 timers connect 1
 address-family ipv4 unicast
  neighbor 192.168.113.1 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor fd00:113::1 activate
CONF
    FPVS_SOCKET=$WORK/$1.sock become_in_ns "$1" "$BUILD/bin/fpvsd" --config "$WORK/$1.conf" \
        --connections-max 65536 --standby "ens160=af_packet:wire0@$LAB-$1-wire" \
        >>"$WORK/$1.log" 2>&1 &
    directors[$1]=$!
    daemon_pid=$!
    wait_for "$1 answers" answers "$1"
}

# ---- What the router and the client see.

next_hops() { ip -n "$LAB-router" route show "$SERVICE" | grep -o 'via 192[0-9.]*' | sort -u; }
next_hops6() {
    ip -n "$LAB-router" -6 route show "$SERVICE6" | grep -o 'via f[0-9a-f:]*' | sort -u
}
has_hops() { [ "$(next_hops | wc -l)" = "$1" ] && [ "$(next_hops6 | wc -l)" = "$1" ]; }
goes_by() { next_hops | grep -qx "via ${addresses[$1]}"; }
does_not_go_by() { ! goes_by "$1"; }

field() { awk -v n="$1" '{ print $n + 0 }' "$WORK/client.report" 2>/dev/null || echo 0; }
whole() { [ "$(field 1)" = "$SESSIONS" ]; }
nobody_waits() { [ "$(field 4)" -lt 1000 ]; }
more_answers() { [ "$(field 2)" -ge "$1" ]; }
now_ms() { date +%s%3N; }

# all_go_on WHAT: each session asks twice more, on average, and none is broken.
all_go_on() {
    local before broken
    until [ -s "$WORK/client.report" ]; do sleep 0.1; done
    before=$(field 2)
    wait_for "they go on" more_answers $((before + 2 * SESSIONS))
    wait_for "none waits for its answer" nobody_waits
    check "$1: $(field 1) of $SESSIONS connections are whole" whole
    broken=$((SESSIONS - $(field 1)))
    printf '%s\t%s\t%s\t%s\n' "$1" "$broken" "$2" "$(field 3)" >>"$WORK/table"
    rm -f "$WORK/client.report" # The longest wait begins anew.
}

# took FROM: milliseconds since then.
took() { echo $(($(now_ms) - $1)); }

mkdir -p "$WORK" && rm -f "$WORK"/*
heading "A router, two directors, two servers, $SESSIONS connections"
network_up || give_up "the network namespaces could not be made."
router_start || give_up "the router's FRR did not start."
for host in db01 db02; do
    become_in_ns $host tests/system/lab/echo_sessions.py serve $PORT $host &
    others+=($!)
done
start lvs01
start lvs02
wait_for "the router has two ways, of either family" has_hops 2
pause=$(awk -v sessions="$SESSIONS" -v rate="$QUESTIONS_PER_S" 'BEGIN { print sessions / rate }')
become_in_ns client tests/system/lab/echo_sessions.py ask $SERVICE $PORT "$SESSIONS" "$pause" \
    "$WORK/client.report" &
others+=($!)
wait_for "the client's connections are open" whole
say "  connections: lvs01 $(forwards lvs01), lvs02 $(forwards lvs02)"
check "both directors forward" [ "$(forwards lvs01)" -gt 0 -a "$(forwards lvs02)" -gt 0 ]
all_go_on "nothing happens" -

heading "lvs03 is added"
begin=$(now_ms)
start lvs03
wait_for "the router has three ways" has_hops 3
time=$(took "$begin")
all_go_on "director added" "$time"
say "  connections: lvs01 $(forwards lvs01), lvs02 $(forwards lvs02), lvs03 $(forwards lvs03)"
check "lvs03 forwards connections whose SYN it never saw" [ "$(forwards lvs03)" -gt 0 ]

heading "lvs02 is drained"
begin=$(now_ms)
fpvsadm_of lvs02 drain on || give_up "it was not drained."
wait_for "the router has two ways" has_hops 2
time=$(took "$begin")
check "lvs02 is none of them" does_not_go_by lvs02
fpvsadm_of lvs02 announce | sed 's/^/    /'
all_go_on "director drained" "$time"
begin=$(now_ms)
fpvsadm_of lvs02 drain off || give_up "it stayed drained."
wait_for "the router has three ways" has_hops 3
all_go_on "director back" "$(took "$begin")"

heading "lvs03's bgpd is restarted, and knows of no address"
frr_end lvs03 bgpd TERM
wait_for "the router has two ways" has_hops 2
begin=$(now_ms)
frr_daemon lvs03 bgpd || give_up "bgpd did not start."
wait_for "the router has three ways" has_hops 3
all_go_on "FRR restarted" "$(took "$begin")"

heading "lvs01's fpvsd is killed"
begin=$(now_ms)
kill -KILL "${directors[lvs01]}"
wait "${directors[lvs01]}" 2>/dev/null
unset 'directors[lvs01]'
wait_for "the router has two ways" has_hops 2
time=$(took "$begin")
check "lvs01 is none of them" does_not_go_by lvs01
all_go_on "director killed" "$time"

heading "lvs03's fpvsd is stopped"
daemon_pid=${directors[lvs02]}
begin=$(now_ms)
kill -TERM "${directors[lvs03]}"
wait_for "the router has one way" has_hops 1
time=$(took "$begin")
check "lvs03 forwards still" kill -0 "${directors[lvs03]}"
wait "${directors[lvs03]}"
check "its end was in order" [ $? = 0 ]
unset 'directors[lvs03]'
all_go_on "director stopped" "$time"
say "  connections: lvs02 $(forwards lvs02)"

heading "Both servers end: there is no quorum"
kill "${others[@]}" 2>/dev/null
wait "${others[@]}" 2>/dev/null
others=()
wait_for "the router has no way" sh -c "[ -z \"\$(ip -n $LAB-router route show $SERVICE)\" ]"
check "the other address is announced still" [ "$(next_hops6 | wc -l)" = 1 ]

heading "What was seen ($SESSIONS connections, mh)"
printf '  %-18s %8s %14s %18s\n' event broken 'routes ms' 'longest wait ms'
awk -F '\t' '{ printf "  %-18s %8s %14s %18s\n", $1, $2, $3, $4 }' "$WORK/table"
clean_up
[ $failures = 0 ] || exit 1
