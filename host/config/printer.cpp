// SPDX-License-Identifier: Apache-2.0
#include "host/config/printer.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace fpvs::config {
namespace {

// Lines with the indentation of the block they are in.
class Writer {
  public:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        text_.append(depth_ * 4, ' ');
        text_ += fmt::format(format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    template <class... Args>
    void open(fmt::format_string<Args...> format, Args&&... args) {
        line("{} {{", fmt::format(format, std::forward<Args>(args)...));
        ++depth_;
    }
    void close() {
        --depth_;
        line("}}");
    }
    void blank_line() {
        if (!text_.empty()) {
            text_ += '\n';
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_;
    std::size_t depth_ = 0;
};

bool needs_quotes(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' ||
            std::string_view("{}#!\"'\\$").find(c) != std::string_view::npos) {
            return true;
        }
    }
    return text.empty() || text.front() == '@' || text.front() == '~';
}

// The text as one word of the file.
std::string quoted(std::string_view text) {
    if (!needs_quotes(text)) {
        return std::string(text);
    }
    std::string word = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            word += '\\';
            word += c;
        } else if (byte < ' ' || c == '\x7f' || c == '$') {
            word += fmt::format("\\{:03o}", byte);
        } else {
            word += c;
        }
    }
    return word + '"';
}

std::string seconds(std::uint32_t milliseconds) {
    const std::uint32_t rest = milliseconds % 1000;
    return rest == 0 ? fmt::format("{}", milliseconds / 1000)
                     : fmt::format("{}.{:03}", milliseconds / 1000, rest);
}

std::string_view method_name(model::Forwarding forwarding) {
    switch (forwarding) {
        case model::Forwarding::nat:
        case model::Forwarding::local:  // IPVS's own finding, never written in a file.
            return "NAT";
        case model::Forwarding::tunnel:
            return "TUN";
        case model::Forwarding::direct_routing:
            return "DR";
        case model::Forwarding::full_nat:
            return "FULLNAT";
    }
    return "NAT";
}

void print_instance(Writer& out, const model::VrrpInstance& instance) {
    out.blank_line();
    out.open("vrrp_instance {}", quoted(instance.name));
    out.line("state {}", instance.initial_master ? "MASTER" : "BACKUP");
    out.line("interface {}", quoted(instance.interface));
    out.line("virtual_router_id {}", instance.virtual_router_id);
    out.line("priority {}", instance.priority);
    out.line("advert_int {}", seconds(instance.advert_interval_cs * 10));
    if (!instance.preempt) {
        out.line("nopreempt");
    }
    if (instance.authentication == model::VrrpAuthentication::password) {
        out.open("authentication");
        out.line("auth_type PASS");
        out.line("auth_pass {}", quoted(instance.password));
        out.close();
    }
    if (!instance.addresses.empty()) {
        out.open("virtual_ipaddress");
        for (const model::VirtualAddress& address : instance.addresses) {
            out.line("{}/{}{}{}",
                     model::to_string(address.address),
                     address.prefix_length,
                     address.interface.empty() ? "" : " dev ",
                     address.interface.empty() ? "" : quoted(address.interface));
        }
        out.close();
    }
    out.close();
}

void print_check(Writer& out, const model::HealthCheck& check) {
    out.open("TCP_CHECK");
    if (check.connect_address) {
        out.line("connect_ip {}", model::to_string(*check.connect_address));
    }
    if (check.connect_port) {
        out.line("connect_port {}", *check.connect_port);
    }
    if (check.bind_address) {
        out.line("bindto {}", model::to_string(*check.bind_address));
    }
    out.line("connect_timeout {}", seconds(check.connect_timeout_ms));
    out.line("retry {}", check.retries);
    out.line("delay_before_retry {}", seconds(check.delay_before_retry_ms));
    out.close();
}

void print_server(Writer& out,
                  const model::RealServerConfig& server,
                  model::Forwarding service_forwarding) {
    out.blank_line();
    out.open("real_server {} {}", model::to_string(server.key.address), server.key.port);
    out.line("weight {}", server.settings.weight);
    if (server.settings.forwarding != service_forwarding) {
        out.line("lvs_method {}", method_name(server.settings.forwarding));
    }
    if (server.settings.upper_threshold != 0) {
        out.line("uthreshold {}", server.settings.upper_threshold);
    }
    if (server.settings.lower_threshold != 0) {
        out.line("lthreshold {}", server.settings.lower_threshold);
    }
    for (const model::HealthCheck& check : server.checks) {
        print_check(out, check);
    }
    out.close();
}

void print_scheduler_flags(Writer& out, const model::ServiceSettings& settings) {
    const bool named = settings.scheduler == "sh" || settings.scheduler == "mh";
    if (settings.hash_fallback) {
        out.line("{}", named ? settings.scheduler + "-fallback" : "flag-1");
    }
    if (settings.hash_port) {
        out.line("{}", named ? settings.scheduler + "-port" : "flag-2");
    }
}

void print_service(Writer& out, const model::VirtualServiceConfig& service) {
    // The method that most files give once for the service.
    const model::Forwarding forwarding = service.servers.empty()
                                             ? model::Forwarding::nat
                                             : service.servers.front().settings.forwarding;
    out.blank_line();
    if (service.key.firewall_mark != 0) {
        out.open("virtual_server fwmark {}", service.key.firewall_mark);
    } else {
        out.open("virtual_server {} {}", model::to_string(service.key.address), service.key.port);
        out.line("protocol {}", service.key.protocol == model::Protocol::tcp ? "TCP" : "UDP");
    }
    out.line("delay_loop {}", seconds(service.delay_loop_ms));
    out.line("lb_algo {}", service.settings.scheduler);
    print_scheduler_flags(out, service.settings);
    out.line("lb_kind {}", method_name(forwarding));
    if (service.settings.persistence) {
        const model::Persistence& persistence = *service.settings.persistence;
        out.line("persistence_timeout {}", persistence.timeout_s);
        if (persistence.client_mask != model::Persistence{}.client_mask) {
            out.line("persistence_granularity {}",
                     model::to_string(model::Ipv4{persistence.client_mask}));
        }
    }
    if (service.settings.one_packet) {
        out.line("ops");
    }
    for (const model::RealServerConfig& server : service.servers) {
        print_server(out, server, forwarding);
    }
    out.close();
}

void print_mark_rule(Writer& out, const model::MarkRule& rule) {
    out.open("firewall_mark {}", rule.mark);
    if (rule.destination) {
        out.line("destination {}", model::to_string(*rule.destination));
    }
    if (rule.source) {
        out.line("source {}", model::to_string(*rule.source));
    }
    if (rule.protocol) {
        out.line("protocol {}", model::name(*rule.protocol));
    }
    if (rule.has_ports()) {
        out.line("port {}-{}", rule.first_port, rule.last_port);
    }
    if (!rule.interface.empty()) {
        out.line("interface {}", quoted(rule.interface));
    }
    if (rule.vlan) {
        out.line("vlan {}", *rule.vlan);
    }
    out.close();
}

void print_fpvs(Writer& out, const model::Config& config) {
    if (config.settings.empty() && config.mark_rules.empty()) {
        return;
    }
    out.blank_line();
    out.open("fpvs");
    for (const model::SettingChange& setting : config.settings) {
        out.line("set {} {}", quoted(setting.name), setting.value);
    }
    for (const model::MarkRule& rule : config.mark_rules) {
        print_mark_rule(out, rule);
    }
    out.close();
}

}  // namespace

std::string print(const model::Config& config) {
    Writer out;
    if (!config.router_id.empty()) {
        out.open("global_defs");
        out.line("router_id {}", quoted(config.router_id));
        out.close();
    }
    for (const model::VrrpInstance& instance : config.vrrp_instances) {
        print_instance(out, instance);
    }
    for (const model::VirtualServiceConfig& service : config.virtual_services) {
        print_service(out, service);
    }
    print_fpvs(out, config);
    return out.take();
}

}  // namespace fpvs::config
