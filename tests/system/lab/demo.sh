#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The user's lab, end to end: clients in namespaces talk to MariaDB behind a virtual IP.  The
# director is fpvsd with the lab's own keepalived file; with CARD=sim (the default) the packets of
# its connections are forwarded by the RTL of the simulated card, with CARD=none by the slow path.
#
# Exits 0 only if every connection and query succeeded, persistence held, the order of the servers
# is rr's, and (CARD=sim) the RTL forwarded at least RTL_SHARE_MIN percent of the packets of
# established connections.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1

readonly CARD=${CARD:-sim}
readonly CLIENTS=${CLIENTS:-6}
readonly CONNECTIONS_EACH=${CONNECTIONS_EACH:-35}
readonly QUERIES_EACH=${QUERIES_EACH:-10}
readonly RTL_SHARE_MIN=95
readonly LAB=fpvs-demo-$$
readonly BUILD=$PWD/build
readonly WORK=$BUILD/demo

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

# One client: connections one after the other, several queries each; a line per connection with
# the number of right answers and the server that gave them.
client_run() {
    local client=$1 connection queries
    queries=$(printf 'SELECT name FROM lab.whoami;%.0s' $(seq "$QUERIES_EACH"))
    for ((connection = 1; connection <= CONNECTIONS_EACH; connection++)); do
        in_ns "$client" mariadb --no-defaults -uroot -p$DB_PASSWORD -h $VIP -P 3306 -N -B \
            --connect-timeout=5 -e "$queries" 2>>"$WORK/$client.errors" | sort | uniq -c |
            awk -v c="$client" '{ print c, $2, $1; n++ } END { if (!n) print c, "none", 0 }'
    done >"$WORK/$client.answers"
}

mkdir -p "$WORK" || exit 1
rm -f "$WORK"/*.answers "$WORK"/*.errors "$WORK"/*.log

heading "The lab: $CLIENTS clients, a director, two MariaDB servers"
lab_up || give_up "the network namespaces could not be made."
mariadb_prepare >"$WORK/mariadb-install.log" 2>&1 ||
    give_up "MariaDB's data could not be made: $(tail -n 1 "$WORK/mariadb-install.log")"
mariadb_start db01 11
mariadb_start db02 142
for host in db01 db02; do
    mariadb_wait $host || give_up "$host did not start: $(tail -n 1 "$WORK/$host/log")"
done
say "  db01 and db02 answer"

heading "The director: fpvsd with lvs01.conf, unchanged"
director_start tests/data/lab/lvs01.conf
[ "$CARD" = sim ] && director_load_card
wait_for "the virtual IP is on the director (VRRP)" vip_on_director
wait_for "both servers passed their checks" servers_up 2

heading "Traffic: $CLIENTS clients x $CONNECTIONS_EACH connections x $QUERIES_EACH queries"
begin=$SECONDS
client_run client1 # Alone first: rr's first choice is then no race.
pids=()
for ((i = 2; i <= CLIENTS; i++)); do
    client_run "client$i" &
    pids+=($!)
done
wait "${pids[@]}"
sleep 2.5 # IPVS's statistics, and ours, move every 2 s.
say "  done in $((SECONDS - begin)) s"

heading "Who answered (client, server, connections, queries)"
cat "$WORK"/client*.answers | awk '{ k = $1 " " $2; c[k]++; q[k] += $3 }
    END { for (k in c) print "  " k, c[k], q[k] }' | sort
heading "fpvsadm -Ln" && fpvsadm -Ln
heading "fpvsadm -Ln --stats" && fpvsadm -Ln --stats
heading "fpvsadm -Lnc (the first 12)" && fpvsadm -Lnc | head -n 14
heading "fpvsadm card status" && fpvsadm card status

heading "What must hold"
connections=$(awk '$3 == '"$QUERIES_EACH"' { n++ } END { print n + 0 }' "$WORK"/client*.answers)
queries=$(awk '{ n += $3 } END { print n + 0 }' "$WORK"/client*.answers)
wanted=$((CLIENTS * CONNECTIONS_EACH))
check "connections: $connections of $wanted" [ "$connections" = $wanted ]
check "queries: $queries of $((wanted * QUERIES_EACH))" [ "$queries" = $((wanted * QUERIES_EACH)) ]
check "persistence: each client stayed with one server" \
    [ "$(cut -d' ' -f1,2 "$WORK"/client*.answers | sort -u | wc -l)" = "$CLIENTS" ]
check "rr: the first client got the server added last, db02" \
    grep -q '^client1 db02 ' "$WORK/client1.answers"
check "rr: the clients are shared out evenly" \
    [ "$(cat "$WORK"/client*.answers | awk '{ print $1, $2 }' | sort -u |
        awk '{ n[$2]++ } END { d = n["db01"] - n["db02"]; print (d < 0 ? -d : d) }')" -le 1 ]
if [ "$CARD" = sim ]; then
    stats=$(fpvsadm -Ln --stats --exact | awk '$1 == "TCP" { print $3, $4 }')
    forwarded=$(card_counter forwarded)
    # A connection's SYN and the ACK that establishes it belong to the slow path.
    share=$(awk -v forwarded="$forwarded" -v stats="$stats" 'BEGIN {
        split(stats, n, " ")
        established = n[2] - 2 * n[1]
        printf "%.2f", (established > 0) ? 100 * forwarded / established : 0
    }')
    check "forwarded by the RTL: $forwarded packets, $share % of those of established connections" \
        at_least "$share" $RTL_SHARE_MIN
else
    check "no card took part" sh -c "'$BUILD/bin/fpvsadm' card status | grep -qi none"
fi

clean_up
[ $failures = 0 ] || exit 1
