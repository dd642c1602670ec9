# SPDX-License-Identifier: Apache-2.0
# FRR's zebra and bgpd in namespaces of the lab, to be sourced.  Needs in_ns (topology.sh).
#
# Their files lie where their own user may reach them, in FRR_FOLDER, one folder a host.

readonly FRR_PROGRAMS=/usr/lib/frr
readonly FRR_SECONDS_MAX=10
FRR_FOLDER=$(mktemp -d /tmp/fpvs-frr-XXXXXX) || exit 1
chmod 755 "$FRR_FOLDER"

# frr_daemon HOST DAEMON [OPTION...]: starts it, and waits until its vty answers.
frr_daemon() {
    local host=$1 name=$2 folder=$FRR_FOLDER/$1 begin=$SECONDS
    shift 2
    in_ns "$host" "$FRR_PROGRAMS/$name" -d -u frr -g frr -f "$folder/$name.conf" \
        -i "$folder/$name.pid" -z "$folder/zserv.api" --vty_socket "$folder" -P 0 \
        --log "file:$folder/$name.log" "$@" >/dev/null 2>&1 || return 1
    until vtysh --vty_socket "$folder" --histfile /dev/null -d "$name" -c 'show version' \
        >/dev/null 2>&1; do
        [ $((SECONDS - begin)) -lt $FRR_SECONDS_MAX ] || return 1
        sleep 0.1
    done
}

# frr_start HOST: with bgpd's configuration from standard input.
frr_start() {
    local folder=$FRR_FOLDER/$1
    mkdir -p "$folder" && cat >"$folder/bgpd.conf" && echo "hostname $1" >"$folder/zebra.conf" &&
        chown -R frr:frr "$folder" && frr_daemon "$1" zebra && frr_daemon "$1" bgpd
}

# frr_end HOST DAEMON SIGNAL: sends it, and waits for the end.
frr_end() {
    local pid begin=$SECONDS
    pid=$(cat "$FRR_FOLDER/$1/$2.pid" 2>/dev/null) || return 0
    kill "-$3" "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null && [ $((SECONDS - begin)) -lt $FRR_SECONDS_MAX ]; do
        sleep 0.1
    done
    rm -f "$FRR_FOLDER/$1/$2.pid"
}

frr_stop_all() {
    local folder
    for folder in "$FRR_FOLDER"/*/; do
        frr_end "$(basename "$folder")" bgpd KILL
        frr_end "$(basename "$folder")" zebra KILL
    done
    rm -rf "$FRR_FOLDER"
}
