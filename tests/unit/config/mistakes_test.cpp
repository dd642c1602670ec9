// SPDX-License-Identifier: Apache-2.0
// Wrong files: each mistake has its exact place and sentence.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "host/config/parser.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

struct Mistake {
    std::string_view name;
    std::string_view text;
    std::string_view sentence;  // With its place; several lines: several mistakes.
};

// Lines of a virtual_server's block start at line 2, those of a real_server's at line 6.
#define FPVS_IN_SERVICE(line) \
    "virtual_server 10.0.0.1 80 {\n" line "\nreal_server 10.0.0.2 80 {\n}\n}\n"
#define FPVS_IN_SERVER(line)                                               \
    "virtual_server 10.0.0.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind DR\n" \
    "real_server 10.0.0.2 80 {\n" line "\n}\n}\n"
#define FPVS_IN_INSTANCE(line) \
    "vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\n" line "\n}\n"

#define FPVS_IN_ANNOUNCE(line) "fpvs {\nannounce {\n" line "\n}\n}\n"
#define FPVS_IN_MARK(line) "fpvs {\nfirewall_mark 5 {\n" line "\n}\n}\n"

const Mistake kMistakes[] = {
    {"SetWithoutValue", "fpvs {\n set sloppy_tcp\n}\n", "f:2:2: 'set' needs a name and a number"},
    {"NoWorkers",
     "fpvs {\n workers 0\n}\n",
     "f:2:10: 'workers' must be a whole number from 1 to 16, not '0'"},
    {"SetWithAWord", "fpvs {\n set sloppy_tcp on\n}\n", "f:2:17: 'on' is no number"},
    {"SetTwice",
     "fpvs {\nset sloppy_tcp 1\nset sloppy_tcp 0\n}\n",
     "f:3:5: 'sloppy_tcp' is already set at f:2:5"},
    {"UnknownInFpvs",
     "fpvs {\nfirewal_mark 5\n}\n",
     "f:2:1: unknown keyword 'firewal_mark'; did you mean 'firewall_mark'?"},
    {"MarkOfNothing", "fpvs {\nfirewall_mark {\n}\n}\n", "f:2:1: 'firewall_mark' needs a value"},
    {"MarkZero",
     "fpvs {\nfirewall_mark 0 {\n}\n}\n",
     "f:2:15: the mark must be a whole number from 1 to 4294967295, not '0'"},
    {"MarkTwice",
     "fpvs {\nfirewall_mark 5 {\nport 80\n}\nfirewall_mark 5 {\nport 80-80\n}\n}\n",
     "f:5:1: this rule is already there"},
    {"MarkPrefix",
     FPVS_IN_MARK("destination 10.0.0.1/8"),
     "f:3:13: 'destination' must be an address or a block such as 10.0.0.0/8, not '10.0.0.1/8'"},
    {"MarkFamilies",
     FPVS_IN_MARK("destination 10.0.0.0/8\nsource ::/0"),
     "f:2:1: destination 10.0.0.0/8 and source ::/0 are of different families"},
    {"MarkPorts",
     FPVS_IN_MARK("port 90-80"),
     "f:3:6: the last port must be a whole number from 90 to 65535, not '80'"},
    {"MarkProtocol",
     FPVS_IN_MARK("protocol tpc"),
     "f:3:10: 'protocol' is one of tcp, udp, sctp, not 'tpc'; did you mean 'tcp'?"},
    {"MarkVlan",
     FPVS_IN_MARK("vlan 4095"),
     "f:3:6: 'vlan' must be a whole number from 1 to 4094, not '4095'"},
    {"AnnounceByNobody", "fpvs {\nannounce {\n}\n}\n", "f:2:1: 'announce' needs 'bgp'"},
    {"AnnounceTwice",
     "fpvs {\nannounce {\nbgp 1\n}\nannounce {\nbgp 1\n}\n}\n",
     "f:5:1: there is an 'announce' already"},
    {"AnnounceAs",
     FPVS_IN_ANNOUNCE("bgp 0"),
     "f:3:5: 'bgp' must be a whole number from 1 to 4294967295, not '0'"},
    {"AnnounceRouteMap",
     FPVS_IN_ANNOUNCE("bgp 1\nroute_map \"a b\""),
     "f:4:11: 'a b' is no name of a route-map"},
    {"AnnounceNowhere",
     FPVS_IN_ANNOUNCE("bgp 1\nvty_socket run/frr"),
     "f:4:12: 'run/frr' must be a whole path"},
    {"AnnounceBothWays",
     FPVS_IN_ANNOUNCE("bgp 1\nalways 192.0.2.1\nnever 192.0.2.1"),
     "f:5:7: 192.0.2.1 cannot be announced always and never"},
    {"AnnounceOfAName",
     FPVS_IN_ANNOUNCE("bgp 1\nnever www"),
     "f:4:7: the address must be an address such as 192.0.2.1 or 2001:db8::1, not 'www'"},
    {"UnknownTopKeyword",
     "virtual_sever 1 2 {\n}\n",
     "f:1:1: unknown keyword 'virtual_sever'; did you mean 'virtual_server'?"},
    {"UnknownKeywordFarFromAll", "global_defs {\n  zork 1\n}\n", "f:2:3: unknown keyword 'zork'"},
    {"UnknownInService",
     FPVS_IN_SERVICE("\tdelay_lop 6"),
     "f:2:2: unknown keyword 'delay_lop'; did you mean 'delay_loop'?"},
    {"UnknownInServer",
     FPVS_IN_SERVER("wieght 1"),
     "f:6:1: unknown keyword 'wieght'; did you mean 'weight'?"},
    {"UnknownInCheck",
     FPVS_IN_SERVER("TCP_CHECK {\nretyr 3\n}"),
     "f:7:1: unknown keyword 'retyr'; did you mean 'retry'?"},
    {"UnknownInInstance",
     FPVS_IN_INSTANCE("priorty 100"),
     "f:4:1: unknown keyword 'priorty'; did you mean 'priority'?"},
    {"MisspeltKeywordThatIsNotRead",
     FPVS_IN_SERVICE("quorom 1"),
     "f:2:1: unknown keyword 'quorom'; did you mean 'quorum'?"},
    {"MissingBrace",
     "global_defs {\n router_id A\n",
     "f:1:1: the block 'global_defs' is not closed; a '}' is missing before the end of the file "
     "at line 3"},
    {"StrayBrace", "global_defs {\n}\n  }\n", "f:3:3: '}' without a '{' before it; remove it"},
    {"BraceWithoutKeyword", "\n{\n}\n", "f:2:1: '{' without a keyword before it"},
    {"OpenQuote",
     "global_defs {\n router_id \"A\n}\n",
     "f:2:12: this quote is not closed on its line; add a \""},
    {"ControlCharacter",
     "global_defs {\n router_id A\x01\n}\n",
     "f:2:13: a control character (0x01) cannot stand in a configuration file; remove it"},
    {"UndefinedInBraces", FPVS_IN_SERVICE("delay_loop ${D}"), "f:2:1: ${D} is not defined"},
    {"UndefinedIsNoNumber",
     FPVS_IN_SERVICE("delay_loop $D"),
     "f:2:1: 'delay_loop' must be seconds from 0.001 to 4294967.295, not '$D'"},
    {"DefinitionUsesItself",
     "$A=b ${A}\n$A\n",
     "f:2:1: what is defined makes a line of more than 16384 characters; does a definition use "
     "itself?"},
    {"DefinitionIsItself", "$A=${A}\n$A\n", "f:2:1: this line is replaced without an end"},
    {"InALineThatWasMade",
     "$W=weight\n" FPVS_IN_SERVER("  $W abc"),
     "f:7:3: 'weight' must be a whole number from 0 to 2147483647, not 'abc'"},
    {"IncludeNothing", "include\n", "f:1:1: 'include' needs the name of a file"},
    {"IncludeOfNoKind", "includex a\n", "f:1:1: unknown keyword 'includex'"},
    {"SequenceOpen",
     "~SEQ(N, 1, 3 global_defs\n",
     "f:1:1: ~SEQ needs its arguments in parentheses"},
    {"SequenceAlone",
     "~SEQ(N) global_defs\n",
     "f:1:1: ~SEQ takes a variable, a start, a step and an end; start and step may be left out"},
    {"SequenceAway",
     "~SEQ(N, 3, 1, 1) global_defs\n",
     "f:1:1: ~SEQ does not come from 3 to 1 by steps of 1"},
    {"SequenceWord", "~SEQ(N, one) global_defs\n", "f:1:1: 'one' is no number that ~SEQ takes"},
    {"SequenceWithoutEnd",
     "~SEQ(A,1,1000000000) ~SEQ(B,1,1000000000) !\n",
     "f:1:1: definitions and repetitions make more than 64 MiB of configuration"},
    {"ListAlone", "~LST(N) global_defs\n", "f:1:1: ~LST takes a variable and its values"},
    {"ValueMissing", FPVS_IN_SERVER("weight"), "f:6:1: 'weight' needs a value"},
    {"NotANumber",
     FPVS_IN_SERVER("  weight abc"),
     "f:6:10: 'weight' must be a whole number from 0 to 2147483647, not 'abc'"},
    {"NegativeWeight",
     FPVS_IN_SERVER("weight -1"),
     "f:6:8: 'weight' must be a whole number from 0 to 2147483647, not '-1'"},
    {"FractionWhereNoneMayBe",
     FPVS_IN_SERVER("weight 1.5"),
     "f:6:8: 'weight' must be a whole number from 0 to 2147483647, not '1.5'"},
    {"NumberWithTail",
     FPVS_IN_SERVER("TCP_CHECK {\nconnect_timeout 3s\n}"),
     "f:7:17: 'connect_timeout' must be seconds from 0.001 to 4294967.295, not '3s'"},
    {"ZeroTime",
     FPVS_IN_SERVICE("delay_loop 0"),
     "f:2:12: 'delay_loop' must be seconds from 0.001 to 4294967.295, not '0'"},
    {"NumberBeyondAll",
     FPVS_IN_SERVER("TCP_CHECK {\nretry 99999999999999999999\n}"),
     "f:7:7: 'retry' must be a whole number from 0 to 4294967295, not '99999999999999999999'"},
    {"RouterIdTooLarge",
     "vrrp_instance V {\ninterface eth0\nvirtual_router_id 256\n}\n",
     "f:3:19: 'virtual_router_id' must be a whole number from 1 to 255, not '256'"},
    {"RouterIdZero",
     "vrrp_instance V {\ninterface eth0\nvirtual_router_id 0\n}\n",
     "f:3:19: 'virtual_router_id' must be a whole number from 1 to 255, not '0'"},
    {"PriorityZero",
     FPVS_IN_INSTANCE("priority 0"),
     "f:4:10: 'priority' must be a whole number from 1 to 255, not '0'"},
    {"AdvertTooSlow",
     FPVS_IN_INSTANCE("advert_int 256"),
     "f:4:12: 'advert_int' must be seconds from 0.01 to 255, not '256'"},
    {"NoInterfaceNoRouterId",
     "vrrp_instance V {\n}\n",
     "f:1:1: vrrp_instance 'V' needs an interface\n"
     "f:1:1: vrrp_instance 'V' needs a virtual_router_id"},
    {"InterfaceTooLong",
     "vrrp_instance V {\ninterface abcdefghijklmnop\nvirtual_router_id 5\n}\n",
     "f:2:11: 'abcdefghijklmnop' cannot be an interface's name: 1 to 15 characters, no blank, "
     "'/' or ':'"},
    {"InstanceTwice",
     FPVS_IN_INSTANCE("") "vrrp_instance V {\ninterface eth1\n"
                          "virtual_router_id 5\n}\n",
     "f:6:1: vrrp_instance 'V' is already defined at line 1"},
    {"RouterIdTwiceOnAnInterface",
     FPVS_IN_INSTANCE("") "vrrp_instance W {\ninterface eth0\n"
                          "virtual_router_id 5\n}\n",
     "f:6:1: virtual_router_id 5 on interface eth0 is already used by the instance at line 1"},
    {"UnknownState",
     FPVS_IN_INSTANCE("state MASTR"),
     "f:4:7: 'state' is one of MASTER, BACKUP, not 'MASTR'; did you mean 'MASTER'?"},
    {"VersionFour",
     FPVS_IN_INSTANCE("version 4"),
     "f:4:9: 'version' must be a whole number from 2 to 3, not '4'"},
    {"IntervalBeyondVersionThree",
     FPVS_IN_INSTANCE("version 3\nadvert_int 41"),
     "f:5:12: advert_int 41 is more than 40.95, the most of VRRP version 3"},
    {"PeerOfAnotherFamily",
     FPVS_IN_INSTANCE("unicast_src_ip 10.0.0.1\nunicast_peer {\nfd00::9\n}"),
     "f:1:1: vrrp_instance 'V' sends adverts of another family than its peer fd00::9"},
    {"PasswordWithoutType",
     FPVS_IN_INSTANCE("authentication {\nauth_pass x\n}"),
     "f:5:11: auth_pass needs 'auth_type PASS' or AH beside it"},
    {"TrackOfNothing",
     FPVS_IN_INSTANCE("track_script {\nchk\n}") "vrrp_script chck {\nscript /bin/true\n}\n",
     "f:5:1: there is no vrrp_script 'chk'; did you mean 'chck'?"},
    {"VrrpTrackWeight",
     FPVS_IN_INSTANCE("track_interface {\neth1 weight 254\n}"),
     "f:5:13: a weight is from -253 to 253 here"},
    {"TrackWord",
     FPVS_IN_INSTANCE("track_interface {\neth1 wieght 2\n}"),
     "f:5:6: 'wieght' is not understood; 'weight N [reverse]' may follow the name"},
    {"ScriptWithoutScript",
     "vrrp_script s {\ninterval 2\n}\n",
     "f:1:1: a vrrp_script needs a script"},
    {"ScriptTwice",
     "vrrp_script s {\nscript /a\n}\nvrrp_script s {\nscript /b\n}\n",
     "f:4:1: there is already a vrrp_script 's'"},
    {"ProcessWithoutProcess",
     "vrrp_track_process p {\nquorum 2\n}\n",
     "f:1:1: a vrrp_track_process needs a process"},
    {"ProcessQuorums",
     "vrrp_track_process p {\nprocess nginx\nquorum 3\nquorum_max 2\n}\n",
     "f:1:1: quorum_max is less than quorum"},
    {"GroupOfStrangers",
     FPVS_IN_INSTANCE("") "vrrp_sync_group G {\ngroup {\nV\nW2\n}\n}\n",
     "f:9:1: there is no vrrp_instance 'W2'"},
    {"InstanceInTwoGroups",
     FPVS_IN_INSTANCE("") "vrrp_sync_group G {\ngroup {\nV\nV\n}\n}\n",
     "f:9:1: vrrp_instance 'V' is in a sync group already"},
    {"GroupTwice",
     "vrrp_sync_group G {\n}\nvrrp_sync_group G {\n}\n",
     "f:3:1: vrrp_sync_group 'G' is already defined"},
    {"GroupTracksBfd",
     "vrrp_sync_group G {\ntrack_bfd {\nb\n}\n}\n",
     "f:2:1: 'track_bfd' is not supported yet and cannot be ignored: the group would stay master "
     "when what it tracks fails"},
    {"NoPeer",
     FPVS_IN_INSTANCE("unicast_peer {\n10.0.0\n}"),
     "f:5:1: a peer must be an address such as 192.0.2.1 or 2001:db8::1, not '10.0.0'"},
    {"PrefixTooLong",
     FPVS_IN_INSTANCE("virtual_ipaddress {\n  10.0.0.1/33\n}"),
     "f:5:12: the prefix length must be a whole number from 0 to 32, not '33'"},
    {"PrefixTooLongOfVersion6",
     FPVS_IN_INSTANCE("virtual_ipaddress {\n  fd00::1/129\n}"),
     "f:5:11: the prefix length must be a whole number from 0 to 128, not '129'"},
    {"TwoAddressesOnALine",
     FPVS_IN_INSTANCE("virtual_ipaddress {\n10.0.0.1 10.0.0.2\n}"),
     "f:5:10: '10.0.0.2' after an address is not understood; 'dev INTERFACE' may follow, and each "
     "address has a line of its own"},
    {"AddressTwice",
     FPVS_IN_INSTANCE("virtual_ipaddress {\n10.0.0.1\n10.0.0.1/24\n}"),
     "f:6:1: the virtual address 10.0.0.1/24 is listed twice"},
    {"ServiceAddress",
     "virtual_server 10.0.0.x 80 {\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:1:16: the virtual server's address must be an address such as 192.0.2.1 or 2001:db8::1, "
     "not "
     "'10.0.0.x'"},
    {"ServicePort",
     "virtual_server 10.0.0.1 99999 {\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:1:25: the port must be a whole number from 0 to 65535, not '99999'"},
    {"ServiceWithoutBlock",
     "virtual_server 10.0.0.1 80\n",
     "f:1:1: 'virtual_server' needs a block: virtual_server { ... }"},
    {"BlockWhereALineIs", FPVS_IN_SERVER("weight {\n}"), "f:6:1: 'weight' takes no block"},
    {"FirewallMarkZero",
     "virtual_server fwmark 0 {\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:1:23: the mark must be a whole number from 1 to 4294967295, not '0'"},
    {"FirewallMarkMissing",
     "virtual_server fwmark {\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:1:16: 'virtual_server fwmark' needs a mark"},
    {"ServerGroup",
     "virtual_server group G {\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:1:22: there is no virtual_server_group 'G'"},
    {"ServerGroupMisspelt",
     "virtual_server_group front {\n10.0.0.1 80\n}\n"
     "virtual_server group frnt {\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:4:22: there is no virtual_server_group 'frnt'; did you mean 'front'?"},
    {"ServerGroupTwice",
     "virtual_server_group G {\n10.0.0.1 80\n}\nvirtual_server_group G {\n10.0.0.2 80\n}\n",
     "f:4:1: virtual_server_group 'G' is already defined at f:1:1"},
    {"ServerGroupEmpty",
     "virtual_server_group G {\n}\n"
     "virtual_server group G {\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:3:1: virtual_server_group 'G' has no addresses"},
    {"ServerGroupRange",
     "virtual_server_group G {\n10.0.0.9-4 80\n}\n",
     "f:2:1: '10.0.0.9-4' is neither an address nor a range such as 192.0.2.1-10, "
     "192.0.2.1-192.0.2.10 or 192.0.2.8/29"},
    {"ServerGroupTooLong",
     "virtual_server_group G {\n10.0.0.0/8 80\n}\n",
     "f:2:1: a group has at most 32768 addresses"},
    {"ServerGroupFamily",
     "virtual_server_group G {\n10.0.0.1 80\n2001:db8::1 80\n}\n"
     "virtual_server group G {\nprotocol TCP\nlb_kind DR\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:5:1: TCP [2001:db8::1]:80 of group 'G' is of another family than the real servers, which "
     "are reached by TUN only then"},
    {"ServerGroupPorts",
     "virtual_server_group G {\n10.0.0.1 80\n10.0.0.1 443\n}\n"
     "virtual_server group G {\nprotocol TCP\nlb_kind NAT\nreal_server 10.0.0.2 {\n}\n}\n",
     "f:8:1: the ports of group 'G' differ: say which one this server has"},
    {"ServerGroupPort",
     "virtual_server_group G {\n10.0.0.1 80\n10.0.0.2\n}\n"
     "virtual_server group G {\nprotocol TCP\nlb_kind DR\nreal_server 10.0.0.2 80 {\n}\n}\n",
     "f:1:1: a service without a port needs persistence_timeout, and group 'G' has an address "
     "without one"},
    {"ServiceOfAGroupTwice",
     "virtual_server_group G {\n10.0.0.1-2 80\n}\n"
     "virtual_server group G {\nprotocol TCP\nreal_server 10.0.0.3 80 {\n}\n}\n"
     "virtual_server 10.0.0.2 80 {\nprotocol TCP\nreal_server 10.0.0.3 80 {\n}\n}\n",
     "f:4:1: TCP 10.0.0.2:80 is already a virtual server at f:9:1"},
    {"ServiceTwice",
     "virtual_server 10.0.0.1 80 {\nprotocol TCP\nreal_server 10.0.0.2 80 {\n}\n}\n"
     "virtual_server 10.0.0.1 80 {\nprotocol TCP\nreal_server 10.0.0.3 80 {\n}\n}\n",
     "f:6:1: this address, port and protocol are already those of the virtual_server at line 1"},
    {"Scheduler",
     FPVS_IN_SERVICE("lb_algo wrrr"),
     "f:2:9: 'lb_algo' is one of rr, wrr, lc, wlc, lblc, sh, mh, dh, fo, ovf, lblcr, sed, nq, "
     "twos, not 'wrrr'; did you mean 'wrr'?"},
    {"Method",
     FPVS_IN_SERVICE("lb_kind dr"),
     "f:2:9: 'lb_kind' is one of NAT, DR, TUN, FULLNAT, FNAT, not 'dr'; did you mean 'DR'?"},
    {"TunnelKind",
     FPVS_IN_SERVICE("lb_kind TUN type gou port 6080"),
     "f:2:9: a tunnel's type is ipip, gue or gre"},
    {"TunnelPort",
     FPVS_IN_SERVICE("lb_kind TUN type gue port 0"),
     "f:2:27: the tunnel's port must be a whole number from 1 to 65535, not '0'"},
    {"TunnelWithoutPort",
     FPVS_IN_SERVICE("lb_kind TUN type gue"),
     "f:2:9: a tunnel of type gue needs a port, others have none"},
    {"TunnelWithPort",
     FPVS_IN_SERVER("lvs_method TUN type gre port 6080"),
     "f:6:12: a tunnel of type gue needs a port, others have none"},
    {"TunnelChecksum",
     FPVS_IN_SERVICE("lb_kind TUN csum"),
     "f:2:13: a tunnel of type ipip has no checksum"},
    {"TunnelRemoteChecksum",
     FPVS_IN_SERVICE("lb_kind TUN type gre remcsum"),
     "f:2:22: only a tunnel of type gue can leave its checksum to the far end"},
    {"TunnelLeftOver",
     FPVS_IN_SERVICE("lb_kind TUN type gre csum now"),
     "f:2:27: 'now' is not understood after TUN: it may say type ipip, type gue port N or type "
     "gre, and then nocsum, csum or remcsum"},
    {"FamilyOfServer",
     "virtual_server 10.0.0.1 80 {\nlb_kind DR\nreal_server 2001:db8::2 80 {\n}\n}\n",
     "f:3:13: a server of another family than its virtual server is reached by TUN only"},
    {"FamilyOfService",
     FPVS_IN_SERVICE("ip_family inet6"),
     "f:1:1: ip_family is not that of the virtual server's address"},
    {"GranularityOfTheOtherFamily",
     "virtual_server 2001:db8::1 80 {\npersistence_timeout 50\npersistence_granularity "
     "255.255.255.0\nreal_server 2001:db8::2 80 {\n}\n}\n",
     "f:3:25: persistence_granularity must be a whole number from 1 to 128, not '255.255.255.0'"},
    {"LocalAddressTwice",
     FPVS_IN_SERVICE("local_address 10.0.0.9\nlocal_address 10.0.0.9"),
     "f:3:15: local_address 10.0.0.9 is listed twice"},
    {"Protocol",
     FPVS_IN_SERVICE("protocol ICMP"),
     "f:2:10: 'protocol' is TCP, UDP or SCTP, not 'ICMP'"},
    {"PersistenceTimeout",
     FPVS_IN_SERVICE("persistence_timeout 0"),
     "f:2:21: 'persistence_timeout' must be a whole number from 1 to 2678400, not '0'"},
    {"PersistenceMask",
     FPVS_IN_SERVICE("persistence_granularity 0.0.0.0"),
     "f:2:25: persistence_granularity must be a netmask such as 255.255.255.0, not '0.0.0.0'"},
    {"NoUrl", FPVS_IN_SERVER("HTTP_GET {\nretry 3\n}"), "f:6:1: this check needs a url"},
    {"UrlWithoutPath",
     FPVS_IN_SERVER("HTTP_GET {\nurl {\nstatus_code 200\n}\n}"),
     "f:7:1: this url needs a path"},
    {"PathOfTwoLines",
     FPVS_IN_SERVER("HTTP_GET {\nurl {\npath \"/\\r\\nHost: x\"\n}\n}"),
     "f:8:6: 'path' must be one line of text and not empty"},
    {"StatusCode",
     FPVS_IN_SERVER("HTTP_GET {\nurl {\npath /\nstatus_code 200 300-200\n}\n}"),
     "f:9:17: 'status_code' takes numbers from 100 to 999 and ranges such as 200-299, not "
     "'300-200'"},
    {"Digest",
     FPVS_IN_SERVER("HTTP_GET {\nurl {\npath /\ndigest 12\n}\n}"),
     "f:9:8: 'digest' must be an MD5 digest, 32 hexadecimal digits, not '12'"},
    {"RegexOption",
     FPVS_IN_SERVER("HTTP_GET {\nurl {\npath /\nregex a\nregex_options caselss\n}\n}"),
     "f:10:15: 'caselss' is no option of regular expressions; did you mean 'caseless'?"},
    {"Regex",
     FPVS_IN_SERVER("HTTP_GET {\nurl {\npath /\nregex \"a(b\"\n}\n}"),
     "f:9:7: not a regular expression: missing closing parenthesis at character 4"},
    {"HttpVersion",
     FPVS_IN_SERVER("SSL_GET {\nhttp_protocol 2\nurl {\npath /\n}\n}"),
     "f:7:15: 'http_protocol' is one of 1.0, 1.0C, 1.1, not '2'"},
    {"SniWithoutTls",
     FPVS_IN_SERVER("HTTP_GET {\nenable_sni\nurl {\npath /\n}\n}"),
     "f:7:1: unknown keyword 'enable_sni'"},
    {"HeloName",
     FPVS_IN_SERVER("SMTP_CHECK {\nhelo_name \"a\\nb\"\n}"),
     "f:7:11: 'helo_name' must be one line of text"},
    {"DnsName",
     FPVS_IN_SERVER("DNS_CHECK {\nname a..b\n}"),
     "f:7:6: 'a..b' is no domain name: labels of 1 to 63 octets with dots between them, 253 "
     "octets in all"},
    {"Payload",
     FPVS_IN_SERVER("UDP_CHECK {\npayload 01 1g\n}"),
     "f:7:12: 'payload' must be hexadecimal digits, not '1g'"},
    {"ReplyLengths",
     FPVS_IN_SERVER("UDP_CHECK {\nmin_reply_length 9\nmax_reply_length 8\n}"),
     "f:6:1: min_reply_length 9 is above max_reply_length 8"},
    {"NoProgram", FPVS_IN_SERVER("MISC_CHECK {\n}"), "f:6:1: MISC_CHECK needs a misc_path"},
    {"OpenQuoteInCommand",
     FPVS_IN_SERVER("notify_up \"/bin/tell 'up\""),
     "f:6:11: a quote within this command is not closed"},
    {"NoTrackFile",
     FPVS_IN_SERVER("FILE_CHECK {\ntrack_file load\n}") "track_file lod {\nfile /tmp/load\n}\n",
     "f:7:12: there is no track_file 'load'; did you mean 'lod'?"},
    {"TrackFilePath",
     "track_file t {\nfile x\n}\n",
     "f:1:1: track_file needs a file, by its whole path"},
    {"TrackWeight",
     "track_file t {\nfile /x\nweight -2147483648\n}\n",
     "f:3:8: 'weight' must be a whole number from -2147483647 to 2147483647, not '-2147483648'"},
    {"SorryServerIsReal",
     FPVS_IN_SERVICE("sorry_server 10.0.0.2 80"),
     "f:2:1: the sorry server is one of the real servers"},
    {"Flag",
     FPVS_IN_SERVICE("alpha maybe"),
     "f:2:7: 'alpha' is one of off, no, false, on, yes, true, not 'maybe'"},
    {"CheckPortZero",
     FPVS_IN_SERVER("TCP_CHECK {\nconnect_port 0\n}"),
     "f:7:14: 'connect_port' must be a whole number from 1 to 65535, not '0'"},
    {"Thresholds",
     FPVS_IN_SERVER("uthreshold 10\nlthreshold 20"),
     "f:7:1: lthreshold 20 is above uthreshold 10"},
    {"SeveralAtOnce",
     "global_defs {\n zork\n}\n" FPVS_IN_SERVICE("delay_lop 6"),
     "f:2:2: unknown keyword 'zork'\n"
     "f:5:1: unknown keyword 'delay_lop'; did you mean 'delay_loop'?"},
};

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, PlaceAndSentence) {
    const auto result = parse(GetParam().text, "f");
    ASSERT_FALSE(result.has_value()) << "accepted: " << GetParam().text;
    EXPECT_EQ(result.error().text(), GetParam().sentence);
    EXPECT_EQ(result.error().code, Code::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(All, Mistakes, ::testing::ValuesIn(kMistakes), [](const auto& info) {
    return std::string(info.param.name);
});

TEST(MistakesTogether, AreShownUpToALimit) {
    std::string text;
    for (std::size_t i = 0; i < model::kConfigDiagnosticsMax + 5; ++i) {
        text += "zork\n";
    }
    const auto result = parse(text, "f");
    ASSERT_FALSE(result.has_value());
    const std::string& message = result.error().message;
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'),
              static_cast<long>(model::kConfigDiagnosticsMax));
    EXPECT_TRUE(message.ends_with("f: 5 more errors are not shown")) << message;
}

TEST(MistakesTogether, TooManyAddresses) {
    std::string text =
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n";
    for (std::size_t i = 0; i <= model::kVirtualAddressesMax; ++i) {
        text += fmt::format("10.0.0.{}\n", i + 1);
    }
    const auto result = parse(text + "}\n}\n", "f");
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().text(),
              "f:25:1: an instance announces at most 20 addresses; make a second instance");
}

// Every prefix of a right file is either right or refused with a place inside it.
TEST(Truncation, NeverAcceptsHalfABlock) {
    const std::string text = FPVS_IN_SERVER("weight 1\nTCP_CHECK {\nretry 3\n}");
    ASSERT_TRUE(parse(text, "f").has_value());
    for (std::size_t length = 1; length + 1 < text.size(); ++length) {
        const auto result = parse(std::string_view(text).substr(0, length), "f");
        EXPECT_FALSE(result.has_value()) << length;
    }
}

}  // namespace
}  // namespace fpvs::config
