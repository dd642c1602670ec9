// SPDX-License-Identifier: Apache-2.0
// What DPVS's ipvsadm adds to the grammar for FULLNAT, and how it is listed and saved.
#include <gtest/gtest.h>

#include "host/cli/command.hpp"
#include "host/cli/listing.hpp"
#include "host/cli/save.hpp"
#include "tests/conformance/cli/recording.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::cli {
namespace {

tl::expected<Command, Refusal> parse(const std::string& command) {
    kit::TableNames names;
    return parse_command(test::words_of("ipvsadm " + command), names);
}

std::string refusal(const std::string& command) {
    const auto parsed = parse(command);
    return parsed ? "" : parsed.error().message;
}

TEST(FullNat, a_server_behind_it_keeps_its_port) {
    for (const char* spelling : {"-b", "--fullnat", "-b -w 3", "-w 3 -b"}) {
        for (const char* command : {"-a", "-e"}) {
            const auto parsed =
                parse(fmt::format("{} -t 10.0.0.1:80 -r 10.0.0.2:8080 {}", command, spelling));
            ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
            EXPECT_EQ(parsed->server_settings.forwarding(), api::FULL_NAT);
            EXPECT_EQ(parsed->server.port(), 8080U);
        }
    }
    EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.0.0.2 -b -m"),
              "multiple 'forwarding-method' options specified\n");
    EXPECT_EQ(refusal("-A -t 10.0.0.1:80 --fullnat"),
              "Illegal 'forwarding-method' option with the 'add-service' command\n");
}

TEST(FullNat, scheduler_flags_keep_their_letter) {
    const auto parsed = parse("-A -t 10.0.0.1:80 -s sh -b sh-port");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->service_settings.scheduler_flags(), 2U);
    EXPECT_EQ(refusal("-A -t 10.0.0.1:80 -b"), "-b: missing argument\n");
    EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.0.0.2 -b flag-1"),
              "Illegal 'sched-flags' option with the 'add-server' command\n");
}

TEST(FullNat, local_addresses) {
    for (const char* command : {"--add-laddr -z 10.1.0.1 -t 10.0.0.1:80 -F dpdk0",
                                "-P -t 10.0.0.1:80 --laddr 10.1.0.1"}) {
        const auto parsed = parse(command);
        ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
        EXPECT_EQ(parsed->kind, CommandKind::add_local_address);
        EXPECT_EQ(parsed->local_address, "10.1.0.1");
        EXPECT_EQ(parsed->service->port(), 80U);
    }
    EXPECT_EQ(parse("-Q -f 5 -z 2001:db8::1")->local_address, "2001:db8::1");
    EXPECT_EQ(parse("-G")->kind, CommandKind::list_local_addresses);
    EXPECT_TRUE(parse("-G -t 10.0.0.1:80")->service.has_value());
    EXPECT_EQ(refusal("-P -t 10.0.0.1:80"),
              "You need to supply the 'laddr' option for the 'add-laddr' command\n");
    EXPECT_EQ(refusal("-P -z 10.1.0.1"),
              "You need to supply the 'service-address' option for the 'add-laddr' command\n");
    EXPECT_EQ(refusal("-P -t 10.0.0.1:80 -z 10.1.0.1:80"), "illegal local address specified\n");
    EXPECT_EQ(refusal("-L -z 10.1.0.1"), "Illegal 'laddr' option with the 'list' command\n");
}

TEST(FullNat, how_the_client_is_told) {
    const auto told = [](const char* option) {
        return parse(fmt::format("-A -t 10.0.0.1:80 {}", option))
            ->service_settings.client_address();
    };
    EXPECT_EQ(told(""), api::NOT_TOLD);
    EXPECT_EQ(told("--client-address none"), api::NOT_TOLD);
    EXPECT_EQ(told("--client-address toa"), api::TOA);
    EXPECT_EQ(told("--client-address=proxy-v2"), api::PROXY_V2);
    EXPECT_EQ(told("--proxy-protocol v2"), api::PROXY_V2);
    EXPECT_EQ(told("--proxy-protocol disable"), api::TOA);
    EXPECT_EQ(refusal("-A -t 10.0.0.1:80 --proxy-protocol v1"),
              "illegal proxy-protocol `v1': it is disable or v2\n");
    EXPECT_EQ(refusal("-A -t 10.0.0.1:80 --client-address uoa"),
              "illegal client-address `uoa': it is none, toa or proxy-v2\n");
}

TEST(FullNat, is_listed_and_saved) {
    kit::TableNames names;
    api::Services services;
    api::Service& service = *services.add_services();
    service.mutable_key()->set_protocol(api::TCP);
    service.mutable_key()->set_address("10.0.0.1");
    service.mutable_key()->set_port(80);
    service.mutable_settings()->set_scheduler("rr");
    service.mutable_settings()->set_client_address(api::TOA);
    service.add_local_addresses("10.1.0.1");
    service.add_local_addresses("10.1.0.2");
    api::Server& server = *service.add_servers();
    server.mutable_key()->set_address("10.0.0.2");
    server.mutable_key()->set_port(8080);
    server.mutable_settings()->set_forwarding(api::FULL_NAT);
    server.mutable_settings()->set_weight(1);
    EXPECT_EQ(list_services(services, {.numeric = true}, false, names),
              "Prot LocalAddress:Port Scheduler Flags\n"
              "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
              "TCP  10.0.0.1:80 rr\n"
              "  -> 10.0.0.2:8080                FullNat 1      0          0         \n");
    EXPECT_EQ(list_local_addresses(services, names),
              "VIP:VPORT            TOTAL    SNAT_IP\n"
              "10.0.0.1:80          2\n"
              "                              10.1.0.1\n"
              "                              10.1.0.2\n");
    EXPECT_EQ(save_services(services, true, names),
              "-A -t 10.0.0.1:80 -s rr --client-address toa\n"
              "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -b -w 1\n"
              "-P -t 10.0.0.1:80 -z 10.1.0.1\n"
              "-P -t 10.0.0.1:80 -z 10.1.0.2\n");
}

}  // namespace
}  // namespace fpvs::cli
