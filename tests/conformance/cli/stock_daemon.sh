#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The recorded commands through the stock ipvsadm and libfpvs_ipvs.so to a running fpvsd, in a
# network namespace with the recordings' interface for synchronisation.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 77; }
PATH=$PATH:/usr/sbin:/sbin
command -v ipvsadm ip >/dev/null || { echo "skipped: no stock ipvsadm here"; exit 77; }

readonly BUILD=${1:-$PWD/build}
readonly NETNS=fpvs-t-$$-ipvsadm
WORK=$(mktemp -d) || exit 1
daemon_pid=''
clean_up() {
    trap - EXIT
    [ -n "$daemon_pid" ] && kill "$daemon_pid" 2>/dev/null && wait "$daemon_pid"
    ip netns delete "$NETNS" 2>/dev/null
    rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

ip netns add "$NETNS" && ip -n "$NETNS" link set lo up &&
    ip -n "$NETNS" link add d1 type veth peer name other || { echo "no network namespace"; exit 1; }
ip netns exec "$NETNS" "$BUILD/bin/fpvsd" --socket "$WORK/fpvsd.sock" \
    --ipvs-socket "$WORK/ipvs.sock" >"$WORK/fpvsd.log" 2>&1 &
daemon_pid=$!
readonly READY_TENTHS_MAX=300
for ((tenths = 0; tenths < READY_TENTHS_MAX; ++tenths)); do
    [ -S "$WORK/ipvs.sock" ] && break
    kill -0 "$daemon_pid" 2>/dev/null || break
    sleep 0.1
done
[ -S "$WORK/ipvs.sock" ] || { cat "$WORK/fpvsd.log"; exit 1; }
FPVS_IPVS_SOCKET=$WORK/ipvs.sock "$BUILD/bin/golden_cli_test" --gtest_filter=GoldenCli.Fpvsd
