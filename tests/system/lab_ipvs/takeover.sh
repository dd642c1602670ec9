#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An FPVS director and one with a real kernel's IPVS, each as the other's backup: connections that a
# client holds go over from FPVS to the kernel, and others from the kernel to FPVS.
#
# lvs01 is fpvsd without a card, lvs02 a kernel in QEMU (guest.sh).  The virtual IPs are moved by
# hand.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || {
    echo "needs root"
    exit 77
}

readonly HELD=${HELD:-500}
readonly CLIENTS=1
readonly SOURCES=8
readonly LAB=fpvs-labipvs-$$
readonly BUILD=$(readlink -f "${1:-build}")
readonly WORK=$BUILD/lab_ipvs/work
readonly PERSISTENT_VIP=192.168.113.101
readonly ROUND_SECONDS_MAX=120

. tests/system/lab/topology.sh
. tests/system/lab/web.sh
. tests/system/lab/director.sh
. tests/system/lab_ipvs/guest.sh

client_pid=''

clean_up() {
    trap - EXIT
    [ -z "$client_pid" ] || kill "$client_pid" 2>/dev/null
    director_stop
    guest_stop
    web_stop
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# What `ipvsadm -A` and `-a` say, for either director.
services() {
    local service server
    for service in "$VIP" "$PERSISTENT_VIP"; do
        printf -- '-A -t %s:%s -s rr%s\n' "$service" $WEB_PORT \
            "$([ "$service" = "$VIP" ] || printf ' -p 300')"
        for server in 192.168.113.11 192.168.113.142; do
            printf -- '-a -t %s:%s -r %s:%s -g\n' "$service" $WEB_PORT "$server" $WEB_PORT
        done
    done
}

fpvs_start() {
    : >"$WORK/empty.conf"
    run_director lvs01 "$WORK/empty.conf" >>"$WORK/fpvsd.log" 2>&1 &
    director_pid=$!
    daemon_pid=$director_pid
    wait_for "fpvsd answers" fpvsadm -Ln
    services | fpvsadm -R || give_up "fpvsd did not take the services."
}
fpvs_kill() {
    kill -KILL "$director_pid"
    wait "$director_pid" 2>/dev/null
    daemon_pid=$guest_pid
}

# Checksums are computed, not left to hardware that is not there.
guest_configure() {
    services >"$GUEST_SHARE/services"
    guest "modprobe -d /modules -a ip_vs ip_vs_rr ip_vs_wrr
        ip link set lo up
        ethtool -K eth0 tx off
        ip link set eth0 up
        ip addr add $SECOND_DIRECTOR_ADDRESS/24 dev eth0
        sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
            net.ipv4.conf.eth0.send_redirects=0 net.ipv4.conf.all.rp_filter=0
        ipvsadm -R </share/services" || give_up "the guest is not configured."
}

# take_addresses fpvs|kernel: the virtual IPs move, and the client forgets who had them, as an
# announcement would have it.
take_addresses() {
    local address
    for address in $VIP $PERSISTENT_VIP; do
        if [ "$1" = fpvs ]; then
            guest ip addr del "$address/32" dev eth0 >/dev/null
            ip -n "$LAB-lvs01" addr add "$address/32" dev ens160
        else
            ip -n "$LAB-lvs01" addr del "$address/32" dev ens160 2>/dev/null
            guest ip addr add "$address/32" dev eth0
        fi
    done
    ip -n "$LAB-client1" neigh flush all
}

client_start() {
    coproc client {
        become_in_ns client1 tests/system/lab/takeover_client.py $VIP $WEB_PORT "$HELD" \
            $PERSISTENT_VIP "${sources[@]}" 2>"$WORK/client.log"
    }
    client_pid=$client_PID
    round first
}
client_stop() {
    kill "$client_pid" 2>/dev/null
    wait "$client_pid" 2>/dev/null
    client_pid=''
}
round() {
    [ "${1:-}" = first ] || printf '\n' >&"${client[1]}"
    answer=''
    IFS= read -r -t $ROUND_SECONDS_MAX answer <&"${client[0]}"
    say "  the client: ${answer:-no answer}"
}

kernel_lists() {
    [ "$(guest ipvsadm -Lnc | grep -c "^TCP .* ESTABLISHED .* $VIP:$WEB_PORT ")" -ge "$HELD" ]
}
kernel_has_templates() {
    [ "$(guest ipvsadm -Lnc | grep -c ":0  *$PERSISTENT_VIP:")" -ge $SOURCES ]
}
fpvs_lists() {
    [ "$(fpvsadm -Lnc | grep -c "^TCP .* ESTABLISHED .* $VIP:$WEB_PORT ")" -ge "$HELD" ]
}

mkdir -p "$WORK" || exit 1
rm -f "$WORK"/*.log

heading "An FPVS director, one with a kernel's IPVS, two web servers, a client"
guest_prepare_kernel >"$WORK/prepare.log" 2>&1 ||
    give_up "no kernel: $(tail -n 1 "$WORK/prepare.log")"
guest_prepare_initramfs || give_up "the guest's initramfs could not be made."
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
guest_start
guest_configure
fpvs_start
readonly ALL="held $HELD of $HELD, persistent $SOURCES of $SOURCES"

heading "FPVS tells the kernel"
guest ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 51
fpvsadm --start-daemon master --mcast-interface ens160 --syncid 51
take_addresses fpvs
client_start
check "all are open" [ "$answer" = "$ALL" ]
wait_for "the kernel lists all of them" kernel_lists
check "and the templates" kernel_has_templates
guest ipvsadm -Lnc | sed -n '1,5s/^/    /p'

heading "fpvsd is killed (kill -9), the kernel goes on"
fpvs_kill
take_addresses kernel
round
check "0 of $HELD lost, persistence holds" [ "$answer" = "$ALL" ]
client_stop

heading "The kernel tells FPVS"
guest ipvsadm --stop-daemon backup
guest ipvsadm --start-daemon master --mcast-interface eth0 --syncid 51
fpvs_start
fpvsadm --start-daemon backup --mcast-interface ens160 --syncid 51
client_start
check "all are open" [ "$answer" = "$ALL" ]
wait_for "FPVS lists all of them" fpvs_lists
fpvsadm -Lnc | sed -n '1,5s/^/    /p'

heading "The kernel is gone, FPVS goes on"
take_addresses fpvs
round
check "0 of $HELD lost, persistence holds" [ "$answer" = "$ALL" ]

clean_up
[ $failures = 0 ] || exit 1
