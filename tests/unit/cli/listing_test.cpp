// SPDX-License-Identifier: Apache-2.0
// What recordings of a whole session do not reach: large numbers, odd names, long rows.
#include "host/cli/listing.hpp"

#include <gtest/gtest.h>

#include "host/cli/save.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::cli {
namespace {

api::Services one_server() {
    api::Services services;
    api::Service& service = *services.add_services();
    service.mutable_key()->set_protocol(api::TCP);
    service.mutable_key()->set_address("10.0.0.1");
    service.mutable_key()->set_port(80);
    service.mutable_settings()->set_scheduler("rr");
    api::Server& server = *service.add_servers();
    server.mutable_key()->set_address("10.0.0.2");
    server.mutable_key()->set_port(80);
    server.mutable_settings()->set_forwarding(api::NAT);
    server.mutable_settings()->set_weight(1);
    return services;
}

api::Traffic traffic(std::uint64_t conns,
                     std::uint64_t in,
                     std::uint64_t out,
                     std::uint64_t in_bytes,
                     std::uint64_t out_bytes) {
    api::Traffic t;
    t.set_connections(conns);
    t.set_packets_in(in);
    t.set_packets_out(out);
    t.set_bytes_in(in_bytes);
    t.set_bytes_out(out_bytes);
    return t;
}

std::string last_line(const std::string& text) {
    return text.substr(text.rfind('\n', text.size() - 2) + 1);
}

class ListingTest : public ::testing::Test {
  protected:
    std::string server_row(const ListStyle& style) {
        return last_line(list_services(services_, style, true, names_));
    }
    api::Services services_ = one_server();
    api::Server& server_ = *services_.mutable_services(0)->mutable_servers(0);
    kit::TableNames names_;
};

// The real ipvsadm's rows for the same numbers.
TEST_F(ListingTest, LargeNumbersGetUnits) {
    const ListStyle stats{.numeric = true, .stats = true};
    const ListStyle exact{.numeric = true, .exact = true, .stats = true};
    *server_.mutable_counters() = traffic(99999999, 100000000, 999999999, 99999999, 100000000);
    EXPECT_EQ(server_row(stats),
              "  -> 10.0.0.2:80                  99999999  100000K  999999K 99999999  100000K\n");
    EXPECT_EQ(server_row(exact),
              "  -> 10.0.0.2:80                  99999999 100000000 999999999 99999999 "
              "100000000\n");
    *server_.mutable_counters() = traffic(1000000000, 4294967295, 1, 99999999999, 100000000000);
    EXPECT_EQ(server_row(stats),
              "  -> 10.0.0.2:80                     1000M    4294M        1   99999M     100G\n");
    *server_.mutable_counters() = traffic(1, 2, 3, 99999999999999, 100000000000000);
    EXPECT_EQ(server_row(stats),
              "  -> 10.0.0.2:80                         1        2        3   99999G     100T\n");
    *server_.mutable_counters() = traffic(1, 2, 3, 100000000000000000, ~0ULL);
    EXPECT_EQ(server_row(stats),
              "  -> 10.0.0.2:80                         1        2        3  "
              "100000T18446744T\n");
}

TEST_F(ListingTest, ServersRatesOfPacketsStayExact) {
    *server_.mutable_rates() = traffic(99999999, 100000000, 999999999, 1000000000, 4294967295);
    EXPECT_EQ(server_row({.numeric = true, .rate = true}),
              "  -> 10.0.0.2:80                  99999999 100000000 999999999    1000M    "
              "4294M\n");
}

TEST_F(ListingTest, ColumnsGrowWithTheirNumbers) {
    server_.set_active_connections(4294967295);
    server_.set_inactive_connections(2147483648);
    server_.set_persistent_connections(3197704724);
    EXPECT_EQ(server_row({.numeric = true}),
              "  -> 10.0.0.2:80                  Masq    1      4294967295 2147483648\n");
    EXPECT_EQ(server_row({.numeric = true, .persistent_connections = true}),
              "  -> 10.0.0.2:80                  1         3197704724  4294967295 2147483648\n");
}

TEST_F(ListingTest, FlagsThatHaveNoName) {
    api::ServiceSettings& settings = *services_.mutable_services(0)->mutable_settings();
    settings.set_scheduler("sh");
    settings.set_scheduler_flags(4);
    services_.mutable_services(0)->clear_servers();
    EXPECT_EQ(last_line(list_services(services_, {.numeric = true}, true, names_)),
              "TCP  10.0.0.1:80 sh ()\n");
    EXPECT_EQ(save_services(services_, true, names_), "-A -t 10.0.0.1:80 -s sh -b \n");
    settings.set_scheduler("rr");
    settings.set_scheduler_flags(6);
    EXPECT_EQ(last_line(list_services(services_, {.numeric = true}, true, names_)),
              "TCP  10.0.0.1:80 rr (flag-2,flag-3)\n");
}

TEST_F(ListingTest, Connections) {
    api::Connection connection;
    connection.set_protocol(api::UDP);
    connection.set_expires_s(300);
    connection.set_state("UDP");
    connection.set_client_address("192.168.113.255");
    connection.set_client_port(65535);
    connection.set_virtual_address("192.168.113.254");
    connection.set_virtual_port(65535);
    connection.set_server_address("192.168.113.142");
    connection.set_server_port(65535);
    EXPECT_EQ(connection_row(connection, {.numeric = true}, names_),
              "UDP 05:00  UDP         192.168.113.255:65535 192.168.113.254:65535 "
              "192.168.113.142:65535\n");
    connection.set_protocol(api::TCP);
    connection.set_expires_s(360'000);
    connection.set_state("NONE");
    connection.set_client_address("10.1.0.2");
    connection.set_client_port(0);
    connection.set_virtual_address("10.0.0.100");
    connection.set_virtual_port(3306);
    EXPECT_EQ(connection_row(connection, {}, names_),
              "TCP 6000:00 NONE        10.1.0.2:0         10.0.0.100:mysql   "
              "192.168.113.142:65535\n");
    connection.set_protocol(api::PROTOCOL_UNSPECIFIED);
    connection.set_expires_s(45);
    connection.set_state("ASSURED");
    connection.set_virtual_address("0.0.0.8");
    connection.set_virtual_port(0);
    connection.set_server_address("192.168.113.11");
    connection.set_server_port(0);
    EXPECT_EQ(connection_row(connection, {.numeric = true}, names_),
              "IP  00:45  ASSURED     10.1.0.2:0         0.0.0.8:0          192.168.113.11:0\n");
    EXPECT_EQ(connections_title({.persistent_connections = true}),
              "IPVS connection entries\n"
              "pro expire state       source             virtual            destination        "
              "pe name          pe_data\n");
}

}  // namespace
}  // namespace fpvs::cli
