// SPDX-License-Identifier: Apache-2.0
#include "host/cli/report.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/cli/endpoint.hpp"
#include "host/cli/mark_rule_words.hpp"

namespace fpvs::cli {
namespace {

// "config      /etc/keepalived/keepalived.conf"
std::string fact(std::string_view name, std::string_view value) {
    return fmt::format("{:<12}{}\n", name, value.empty() ? "-" : value);
}

// "3d 04:05:06"
std::string duration(std::uint64_t seconds) {
    constexpr std::uint64_t kDay = 86'400;
    const std::string clock =
        fmt::format("{:02}:{:02}:{:02}", seconds % kDay / 3600, seconds % 3600 / 60, seconds % 60);
    return seconds < kDay ? clock : fmt::format("{}d {}", seconds / kDay, clock);
}

std::string end_point(const std::string& address, std::uint32_t port) {
    return is_ipv6(address) ? fmt::format("[{}]:{}", address, port)
                            : fmt::format("{}:{}", address, port);
}

std::string service_name(const api::ServiceKey& key) {
    if (key.firewall_mark() != 0) {
        return fmt::format("FWM {}{}", key.firewall_mark(), key.family() == api::IPV6 ? " -6" : "");
    }
    const std::string_view protocol = key.protocol() == api::UDP    ? "UDP"
                                      : key.protocol() == api::SCTP ? "SCTP"
                                                                    : "TCP";
    return fmt::format("{} {}", protocol, end_point(key.address(), key.port()));
}

std::string ports(const api::Card& card) {
    std::string text = "\nport  interface        mac                link\n";
    for (const api::CardPort& port : card.ports()) {
        text += fmt::format("{:<5} {:<16} {:<18} {}\n",
                            port.index(),
                            port.interface(),
                            port.mac(),
                            port.link_up() ? "up" : "down");
    }
    return text;
}

// How the card schedules for each service that it knows.
std::string card_services(const api::Card& card) {
    if (card.services().empty()) {
        return {};
    }
    std::string text = "\nservice                          steering  words      packets\n";
    for (const api::CardService& service : card.services()) {
        text += fmt::format("{:<32} {:<8} {:>6} {:>12}\n",
                            service_name(service.key()),
                            service.steering(),
                            service.steer_words(),
                            service.packets());
    }
    return text;
}

std::string used(std::uint64_t count, std::uint64_t max) {
    return fmt::format("{} of at most {}", count, max);
}

std::string rings(const api::Card& card) {
    std::string text = "\nring             level      slots\n";
    for (const api::CardRing& ring : card.rings()) {
        text += fmt::format("{:<11} {:>10} {:>10}\n", ring.name(), ring.level(), ring.slots());
    }
    return text;
}

// A line a stage: its name, then its counters; packets, and bytes where they are counted.
std::string stages(const api::Card& card) {
    std::size_t width = 0;
    for (const api::CardStage& stage : card.stages()) {
        width = std::max(width, stage.name().size());
    }
    std::string text = "\nstage: counter packets (bytes)\n";
    for (const api::CardStage& stage : card.stages()) {
        text += fmt::format("{:<{}}", stage.name() + ":", width + 1);
        for (const api::CardStageCounter& counter : stage.counters()) {
            text += fmt::format("  {} {}", counter.name(), counter.packets());
            if (counter.bytes() != 0) {
                text += fmt::format(" ({})", counter.bytes());
            }
        }
        text += "\n";
    }
    return text;
}

}  // namespace

std::string daemon_report(const api::Daemon& daemon) {
    return fact("fpvsd", daemon.version()) + fact("process", std::to_string(daemon.process_id())) +
           fact("uptime", duration(daemon.uptime_s())) + fact("config", daemon.config_path()) +
           fact("connections",
                fmt::format("{} of at most {}", daemon.connections(), daemon.connections_max()));
}

std::string card_report(const api::Card& card) {
    if (!card.present()) {
        return fact("state", card.state());
    }
    return fact("state", card.state()) + fact("bitstream", card.bitstream_path()) +
           fact("platform", card.platform()) + fact("uuid", card.uuid()) +
           fact("abi", fmt::format("{:016x}", card.abi_hash())) +
           fact("simulated", card.simulated() ? "yes" : "no") +
           fact("can", fmt::format("{}", fmt::join(card.capabilities(), " "))) +
           fact("flows", used(card.flows(), card.flows_max())) +
           fact("flows ipv6", used(card.flows6(), card.flows6_max())) +
           fact("next hops", used(card.next_hops(), card.next_hops_max())) +
           fact("steer words", used(card.steer_words(), card.steer_words_max())) + ports(card) +
           card_services(card) + rings(card) + stages(card);
}

std::string vrrp_report(const api::VrrpInstances& instances) {
    std::string text;
    for (const api::VrrpInstance& instance : instances.instances()) {
        text += text.empty() ? "" : "\n";
        text += fact("instance", instance.name());
        text += fact("state", instance.state());
        text += fact("interface", instance.interface());
        text += fact("router id", std::to_string(instance.virtual_router_id()));
        text += fact("priority", std::to_string(instance.priority()));
        text += fact("interval",
                     fmt::format("{}.{:02} s",
                                 instance.advert_interval_cs() / 100,
                                 instance.advert_interval_cs() % 100));
        text += fact(
            "master",
            fmt::format("{} priority {}", instance.master_address(), instance.master_priority()));
        for (const api::VirtualAddress& address : instance.addresses()) {
            text += fact("address",
                         fmt::format("{}/{}{}{}",
                                     address.address(),
                                     address.prefix_length(),
                                     address.interface().empty() ? "" : " dev ",
                                     address.interface()));
        }
        text += fact("adverts",
                     fmt::format("sent {} received {} refused {}",
                                 instance.adverts_sent(),
                                 instance.adverts_received(),
                                 instance.adverts_refused()));
        text += fact("became", fmt::format("master {} times", instance.master_transitions()));
    }
    return text.empty() ? "No VRRP instance is configured.\n" : text;
}

std::string health_report(const api::HealthChecks& checks) {
    if (checks.checks().empty()) {
        return "No health check is configured.\n";
    }
    std::string text =
        "service                    server                 check      state  since         "
        "failures  checks     last result\n";
    for (const api::HealthCheck& check : checks.checks()) {
        text += fmt::format("{:<26} {:<22} {:<10} {:<6} {:<13} {:<9} {:<10} {}\n",
                            service_name(check.service()),
                            end_point(check.server().address(), check.server().port()),
                            check.kind(),
                            check.up() ? "up" : "down",
                            duration(check.since_s()),
                            check.failures(),
                            check.checks_done(),
                            check.last_result());
    }
    return text;
}

std::string announcements_report(const api::Announcements& announcements) {
    if (!announcements.configured()) {
        return "Nothing is announced: the configuration has no 'announce'.\n";
    }
    std::string text = fact("bgp", std::to_string(announcements.bgp_as())) +
                       fact("state", announcements.state()) +
                       fact("drained", announcements.drained() ? "yes" : "no") +
                       fact("FRR",
                            fmt::format("looks {} edits {} failures {}",
                                        announcements.looks(),
                                        announcements.edits(),
                                        announcements.failures())) +
                       fact("addresses",
                            fmt::format("announced {} withdrawn {} times",
                                        announcements.announced(),
                                        announcements.withdrawn()));
    for (const api::AnnouncedAddress& address : announcements.addresses()) {
        text += fact("address",
                     fmt::format("{} {}{}",
                                 address.address(),
                                 address.announced() ? "announced" : "not announced",
                                 address.announced() == address.wanted() ? ""
                                 : address.wanted()                      ? ", to be announced"
                                                                         : ", to be withdrawn"));
    }
    return text;
}

std::string settings_report(const api::Settings& settings) {
    std::string text = "setting                       value      default    kernel     meaning\n";
    for (const api::Setting& setting : settings.settings()) {
        text += fmt::format("{:<29} {:<10} {:<10} {:<10} {}\n",
                            setting.name(),
                            setting.value(),
                            setting.initial(),
                            setting.kernel_value(),
                            setting.meaning());
    }
    return text;
}

std::string mark_rules_report(const api::MarkRules& rules) {
    std::string text;
    for (const api::MarkRule& rule : rules.rules()) {
        text += mark_rule_text(rule) + "\n";
    }
    return text;
}

}  // namespace fpvs::cli
