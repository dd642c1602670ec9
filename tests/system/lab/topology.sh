# SPDX-License-Identifier: Apache-2.0
# The lab's network, to be sourced: one switch, clients, a director, two database servers, each a
# network namespace of ours with the addresses of the user's own configuration.
#
#            client1 .50  client2 .51 ...   db01 .11   db02 .142
#                 |            |              |          |
#    =============+============+======+=======+==========+====  192.168.113.0/24 (bridge in sw)
#                                     |
#                            wire0 in lvs01-wire      the director's port: what the card (or the
#                                     .               DPDK port) is plugged into
#                            ens160 in lvs01 .149     a TAP: the port as the director's kernel sees
#
# With DIRECTORS=2 there is lvs02, too, of the same make, at .148.
#
# Needs LAB (prefix of the namespaces) and CLIENTS (how many).

readonly VIP=192.168.113.100
readonly DIRECTORS=${DIRECTORS:-1}
readonly DIRECTOR_ADDRESS=192.168.113.149
readonly DIRECTOR_MAC=02:00:00:00:13:95
readonly SECOND_DIRECTOR_ADDRESS=192.168.113.148
readonly SECOND_DIRECTOR_MAC=02:00:00:00:13:94

# in_ns HOST COMMAND...: plain nsenter, because `ip netns exec` wants a root that is a mount point.
in_ns() {
    local host=$1
    shift
    nsenter --net="/run/netns/$LAB-$host" "$@"
}

# The same for a job in the background, whose pid is then the program's own.
become_in_ns() {
    local host=$1
    shift
    exec nsenter --net="/run/netns/$LAB-$host" "$@"
}

lab_hosts() {
    local i
    printf 'sw\nlvs01\nlvs01-wire\ndb01\ndb02\n'
    [ "$DIRECTORS" = 1 ] || printf 'lvs02\nlvs02-wire\n'
    for ((i = 1; i <= CLIENTS; i++)); do printf 'client%d\n' "$i"; done
}

# plug HOST INTERFACE [ADDRESS MAC]: a cable from the host to the switch.
plug() {
    local host=$1 interface=$2
    ip -n "$LAB-sw" link add "p-$host" type veth peer name "$interface" netns "$LAB-$host"
    ip -n "$LAB-sw" link set "p-$host" master br0 up
    [ -n "${4:-}" ] && ip -n "$LAB-$host" link set "$interface" address "$4"
    ip -n "$LAB-$host" link set "$interface" up
    [ -n "${3:-}" ] && ip -n "$LAB-$host" addr add "$3/24" brd + dev "$interface"
    # A veth leaves checksums to hardware that is not there; a wire carries them.
    in_ns "$host" ethtool -K "$interface" tx off >/dev/null
}

# plug_director HOST ADDRESS MAC
plug_director() {
    plug "$1-wire" wire0
    in_ns "$1" ip tuntap add dev ens160 mode tap
    ip -n "$LAB-$1" link set ens160 address "$3" up
    ip -n "$LAB-$1" addr add "$2/24" brd + dev ens160
}

# The servers answer for the virtual IP but never say so on the wire.
configure_real_server() {
    ip -n "$LAB-$1" addr add "$VIP/32" brd "$VIP" dev lo label lo:1
    in_ns "$1" sh -c '
        echo 1 > /proc/sys/net/ipv4/conf/lo/arp_ignore
        echo 2 > /proc/sys/net/ipv4/conf/lo/arp_announce
        echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
        echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce'
}

# Replies must come by the director, so the server has no other neighbour.  It does not know the
# virtual IP.
configure_translated_server() {
    local address
    address=$(ip -n "$LAB-$1" -4 -o addr show dev eth0 | awk '{ print $4 }')
    ip -n "$LAB-$1" addr del "$VIP/32" dev lo
    ip -n "$LAB-$1" route del 192.168.113.0/24 dev eth0
    ip -n "$LAB-$1" route add $DIRECTOR_ADDRESS dev eth0 src "${address%/*}"
    ip -n "$LAB-$1" route add default via $DIRECTOR_ADDRESS
}

# Namespaces of a run that was killed before it could clean up; the prefix ends with its pid.
lab_remove_stale() {
    local name pid
    for name in $(ip netns list | awk '{ print $1 }' | grep "^${LAB%-*}-[0-9]*-"); do
        pid=${name#"${LAB%-*}-"}
        kill -0 "${pid%%-*}" 2>/dev/null || ip netns del "$name"
    done
}

lab_up() {
    local host i
    lab_remove_stale
    for host in $(lab_hosts); do
        ip netns add "$LAB-$host" || return 1
        ip -n "$LAB-$host" link set lo up
        in_ns "$host" sh -c '
            echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
            echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
            echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter' 2>/dev/null
    done
    ip -n "$LAB-sw" link add br0 type bridge mcast_snooping 0
    ip -n "$LAB-sw" link set br0 up
    plug db01 eth0 192.168.113.11 02:00:00:00:13:0b
    plug db02 eth0 192.168.113.142 02:00:00:00:13:8e
    for ((i = 1; i <= CLIENTS; i++)); do
        plug "client$i" eth0 "192.168.113.$((49 + i))" "02:00:00:00:13:$(printf %02x $((49 + i)))"
    done
    plug_director lvs01 $DIRECTOR_ADDRESS $DIRECTOR_MAC
    [ "$DIRECTORS" = 1 ] ||
        plug_director lvs02 $SECOND_DIRECTOR_ADDRESS $SECOND_DIRECTOR_MAC
    configure_real_server db01
    configure_real_server db02
}

lab_down() {
    local host
    for host in $(lab_hosts); do ip netns del "$LAB-$host" 2>/dev/null; done
    return 0
}
