#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The user's lab, end to end: clients in namespaces talk to MariaDB behind a virtual IP.  The
# director is fpvsd with the lab's own keepalived file; with CARD=sim (the default) the packets of
# its connections are forwarded by the RTL of the simulated card, with CARD=none by the slow path.
#
# METHOD is DR (the default: the file as it is), NAT, TUN or FULLNAT (the same with that lb_kind).
# With SCHEDULER (rr, wrr, sh, mh or dh) the service has no persistence, so that the card schedules
# its connections too, but for FULLNAT.
# Without a card there are web servers too: wrk asks them, and HELD connections are held at once.
#
# Exits 0 only if every connection and query succeeded, persistence held, the order of the servers
# is rr's, and (CARD=sim) the RTL forwarded at least RTL_SHARE_MIN percent of the packets of
# established connections; of all packets, if it schedules them.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1

readonly CARD=${CARD:-sim}
readonly METHOD=${METHOD:-DR}
readonly SCHEDULER=${SCHEDULER:-}
readonly HELD=${HELD:-10000}
readonly LOCAL_ADDRESS=192.168.113.150
readonly CLIENTS=${CLIENTS:-6}
readonly CONNECTIONS_EACH=${CONNECTIONS_EACH:-35}
readonly QUERIES_EACH=${QUERIES_EACH:-80}
readonly RTL_SHARE_MIN=99
readonly LAB=fpvs-demo-$$
readonly BUILD=$PWD/build
readonly WORK=$BUILD/demo

. tests/system/lab/topology.sh
. tests/system/lab/mariadb.sh
. tests/system/lab/web.sh
. tests/system/lab/director.sh

tunnel_pids=()

clean_up() {
    trap - EXIT
    director_stop
    web_stop
    mariadb_stop
    [ ${#tunnel_pids[@]} = 0 ] || kill "${tunnel_pids[@]}" 2>/dev/null
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

# The real servers as the forwarding method wants them.
configure_method() {
    local host
    for host in db01 db02; do
        case $METHOD in
            DR | FULLNAT) ;;
            NAT) configure_translated_server $host ;;
            TUN)
                become_in_ns $host tests/system/lab/decapsulate.py &
                tunnel_pids+=($!)
                ;;
            *) give_up "METHOD is DR, NAT, TUN or FULLNAT, not $METHOD." ;;
        esac
    done
    # The address that FULLNAT's servers see must be the director's, and nobody else's.
    [ "$METHOD" != FULLNAT ] || ip -n "$LAB-lvs01" addr add $LOCAL_ADDRESS/32 dev ens160
}

# The lab's file; for other methods and schedulers with these.
write_config() {
    local kind="lb_kind $METHOD" edits
    [ "$METHOD" != FULLNAT ] || kind="$kind\n    local_address $LOCAL_ADDRESS"
    edits="s/lb_kind DR/$kind/"
    [ -z "$SCHEDULER" ] || edits="$edits; s/lb_algo rr/lb_algo $SCHEDULER/; /persistence_timeout/d"
    sed "$edits" tests/data/lab/lvs01.conf
}
# And a service for the web.
write_web_config() {
    local kind="lb_kind $METHOD"
    [ "$METHOD" != FULLNAT ] || kind="$kind\n    local_address $LOCAL_ADDRESS"
    cat <<CONF
virtual_server $VIP $WEB_PORT {
    delay_loop 6
    lb_algo wlc
    $(printf "$kind")
    protocol TCP
    real_server 192.168.113.11 $WEB_PORT {
        TCP_CHECK {
        }
    }
    real_server 192.168.113.142 $WEB_PORT {
        TCP_CHECK {
        }
    }
}
CONF
}

# Every client asks for pages as fast as it can; all requests of all clients, those that failed.
web_traffic() {
    local i pids=()
    for ((i = 1; i <= CLIENTS; i++)); do
        in_ns "client$i" wrk -t 1 -c 8 -d 3s "http://$VIP/" >"$WORK/client$i.wrk" 2>&1 &
        pids+=($!)
    done
    wait "${pids[@]}"
    cat "$WORK"/client*.wrk | awk '/requests in/ { n += $1 }
        /Socket errors/ { gsub(",", ""); bad += $4 + $6 + $8 + $10 } /Non-2xx/ { bad += $NF }
        END { print n + 0, bad + 0 }'
}

# percent PART WHOLE
percent() {
    awk -v part="$1" -v whole="$2" 'BEGIN { printf "%.2f", (whole > 0) ? 100 * part / whole : 0 }'
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
configure_method
say "  db01 and db02 answer"

config=$WORK/director.conf
wanted_servers=2
as_what="as $METHOD${SCHEDULER:+ by $SCHEDULER}"
write_config >"$config"
if [ "$CARD" = none ]; then
    web_start db01
    web_start db02
    wanted_servers=4
    write_web_config >>"$config"
    heading "The director: fpvsd with lvs01.conf $as_what, and the web"
elif cmp -s "$config" tests/data/lab/lvs01.conf; then
    heading "The director: fpvsd with lvs01.conf, unchanged"
else
    heading "The director: fpvsd with lvs01.conf $as_what"
fi
director_start "$config"
[ "$CARD" = sim ] && director_load_card
wait_for "the virtual IP is on the director (VRRP)" vip_on_director
wait_for "all servers passed their checks" servers_up $wanted_servers

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
if [ -z "$SCHEDULER" ]; then
    check "persistence: each client stayed with one server" \
        [ "$(cut -d' ' -f1,2 "$WORK"/client*.answers | sort -u | wc -l)" = "$CLIENTS" ]
    check "rr: the first client got the server added last, db02" \
        grep -q '^client1 db02 ' "$WORK/client1.answers"
    check "rr: the clients are shared out evenly" \
        [ "$(cat "$WORK"/client*.answers | awk '{ print $1, $2 }' | sort -u |
            awk '{ n[$2]++ } END { d = n["db01"] - n["db02"]; print (d < 0 ? -d : d) }')" -le 1 ]
fi
if [ "$CARD" = sim ]; then
    read -r conns packets answers < <(fpvsadm -Ln --stats --exact |
        awk '$1 == "TCP" { print $3, $4, $5 }')
    forwarded=$(card_counter forwarded) steered=$(card_counter steered)
    if [ "$steered" = 0 ]; then
        # A connection's SYN and the ACK that establishes it belong to the slow path.
        share=$(percent "$forwarded" $((packets - 2 * conns)))
        check "by the RTL: $forwarded packets, $share % of those of established connections" \
            at_least "$share" $RTL_SHARE_MIN
    else
        share=$(percent $((forwarded + steered)) "$packets")
        check "scheduled or forwarded by the RTL: $share % of $packets packets" \
            at_least "$share" $RTL_SHARE_MIN
    fi
    if [ "$answers" != 0 ]; then
        replied=$(card_counter replied)
        say "  replied by the RTL: $replied of $answers packets"
    fi
else
    read -r requests failed < <(web_traffic)
    check "wrk: $requests requests, $failed failed" test "$requests" -gt 0 -a "$failed" = 0
    held=$(in_ns client1 tests/system/lab/hold_connections.py $VIP $WEB_PORT "$HELD")
    check "held: $held of $HELD" [ "$held" = "$HELD open at once, $HELD answered" ]
    check "no card took part" sh -c "'$BUILD/bin/fpvsadm' card status | grep -qi none"
fi

clean_up
[ $failures = 0 ] || exit 1
