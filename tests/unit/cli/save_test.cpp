// SPDX-License-Identifier: Apache-2.0
#include "host/cli/save.hpp"

#include <gtest/gtest.h>

#include "tests/kit/table_names.hpp"

namespace fpvs::cli {
namespace {

// Two servers, the later one first, as the table has them.
SavedState state() {
    SavedState state;
    state.timeouts.set_tcp_s(900);
    state.timeouts.set_tcp_fin_s(60);
    state.timeouts.set_udp_s(300);
    api::Service& service = *state.services.add_services();
    service.mutable_key()->set_protocol(api::TCP);
    service.mutable_key()->set_address("10.0.0.1");
    service.mutable_key()->set_port(80);
    service.mutable_settings()->set_scheduler("sh");
    service.mutable_settings()->set_scheduler_flags(6);
    for (const char* address : {"10.0.0.4", "10.0.0.3"}) {
        api::Server& server = *service.add_servers();
        server.mutable_key()->set_address(address);
        server.mutable_key()->set_port(80);
        server.mutable_settings()->set_forwarding(api::NAT);
        server.mutable_settings()->set_weight(0);
    }
    service.mutable_servers(0)->mutable_settings()->set_upper_threshold(10);
    service.mutable_servers(0)->mutable_settings()->set_lower_threshold(5);
    return state;
}

TEST(Save, loses_nothing_that_ipvsadm_loses) {
    SavedState all = state();
    api::Setting& changed = *all.settings.add_settings();
    changed.set_name("sloppy_tcp");
    changed.set_value(1);
    all.settings.add_settings()->set_name("expire_nodest_conn");
    api::MarkRule& rule = *all.mark_rules.add_rules();
    rule.set_mark(5);
    rule.set_destination("10.0.0.0/8");
    rule.set_first_port(80);
    rule.set_last_port(90);
    api::SyncDaemon& daemon = *all.sync_daemons.add_daemons();
    daemon.set_role(api::BACKUP);
    daemon.set_interface("d1");
    daemon.set_sync_id(5);
    daemon.set_message_bytes_max(1472);
    daemon.set_group("224.0.0.81");
    daemon.set_port(8848);
    daemon.set_ttl(1);
    kit::TableNames names;
    EXPECT_EQ(save_state(all, names),
              "--set 900 60 300\n"
              "set sloppy_tcp 1\n"
              "mark add 5 destination 10.0.0.0/8 port 80-90\n"
              "-A -t 10.0.0.1:80 -s sh -b sh-port,flag-3\n"
              "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -w 0\n"
              "-a -t 10.0.0.1:80 -r 10.0.0.4:80 -m -w 0 -x 10 -y 5\n"
              "--start-daemon backup --mcast-interface d1 --syncid 5 --sync-maxlen 1472 "
              "--mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1\n");
}

TEST(Save, ipvsadms_way_is_its_own) {
    kit::TableNames names;
    EXPECT_EQ(save_services(state().services, true, names),
              "-A -t 10.0.0.1:80 -s sh -b sh-port\n"
              "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -w 0\n"
              "-a -t 10.0.0.1:80 -r 10.0.0.4:80 -m -w 0\n");
}

}  // namespace
}  // namespace fpvs::cli
