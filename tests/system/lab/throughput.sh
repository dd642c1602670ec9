#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast a client can send through the director, in simulation: iperf3 through the simulated card,
# then through the slow path, on the lab's network.  The figures compare the two within one run;
# neither says anything about a card.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 0; }

readonly CLIENTS=1
readonly TRANSFER_SECONDS=6
readonly LAB=fpvs-bench-$$
readonly BUILD=$PWD/build
readonly WORK=$BUILD/throughput

. tests/system/lab/topology.sh
. tests/system/lab/director.sh

server_pid=''
clean_up() {
    trap - EXIT
    director_stop
    [ -n "$server_pid" ] && kill "$server_pid" 2>/dev/null
    lab_down
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# transfer: megabits a second that arrived at the server.
transfer() {
    timeout 60 nsenter --net="/run/netns/$LAB-client1" iperf3 -c $VIP -p 5201 \
        -t $TRANSFER_SECONDS -J >"$WORK/iperf3.json" || give_up "iperf3 could not transfer."
    /usr/bin/python3 -c 'import json, sys
print(round(json.load(open(sys.argv[1]))["end"]["sum_received"]["bits_per_second"] / 1e6, 1))' \
        "$WORK/iperf3.json"
}
figure() {
    printf '{"name": "%s", "value": %s, "unit": "Mbit/s", "better": "higher"}\n' "$1" "$2"
}

mkdir -p "$WORK"
lab_up || give_up "the network namespaces could not be made."
become_in_ns db01 iperf3 -s -p 5201 >"$WORK/server.log" 2>&1 &
server_pid=$!
director_start tests/data/lab/lvs01.conf
wait_for "the virtual IP is on the director" vip_on_director
fpvsadm -A -t $VIP:5201 -s rr && fpvsadm -a -t $VIP:5201 -r 192.168.113.11 -g ||
    give_up "the service was refused."
slow=$(transfer) || exit 1
director_load_card
fast=$(transfer) || exit 1
say "card: $(card_counter forwarded) packets forwarded by the RTL"
figure "iperf3 through the slow path (af_packet)" "$slow"
figure "iperf3 through the simulated card" "$fast"
