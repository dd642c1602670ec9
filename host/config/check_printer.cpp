// SPDX-License-Identifier: Apache-2.0
#include "host/config/check_printer.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace fpvs::config {
namespace {

std::string_view on_or_off(bool on) {
    return on ? "on" : "off";
}

void print_regex(Writer& out, const model::RegexCheck& regex) {
    out.line("regex {}", quoted(regex.pattern));
    if (regex.must_not_match) {
        out.line("regex_no_match");
    }
    if (!regex.options.empty()) {
        std::string words;
        for (const std::string& option : regex.options) {
            words += " " + option;
        }
        out.line("regex_options{}", words);
    }
    if (regex.stack_max_bytes != 0) {
        out.line("regex_stack {} {}", regex.stack_start_bytes, regex.stack_max_bytes);
    }
    if (regex.min_offset != 0) {
        out.line("regex_min_offset {}", regex.min_offset);
    }
    if (regex.max_offset) {
        out.line("regex_max_offset {}", *regex.max_offset);
    }
}

void print_url(Writer& out, const model::UrlCheck& url) {
    out.open("url");
    out.line("path {}", quoted(url.path));
    if (!url.virtual_host.empty()) {
        out.line("virtualhost {}", quoted(url.virtual_host));
    }
    if (!url.digest.empty()) {
        out.line("digest {}", url.digest);
    }
    std::string codes;
    for (const model::StatusRange& range : url.status_codes) {
        codes += range.first == range.last ? fmt::format(" {}", range.first)
                                           : fmt::format(" {}-{}", range.first, range.last);
    }
    out.line("status_code{}", codes);
    if (url.regex) {
        print_regex(out, *url.regex);
    }
    out.close();
}

std::string_view version_word(model::HttpVersion version) {
    switch (version) {
        case model::HttpVersion::v1_0:
            return "1.0";
        case model::HttpVersion::v1_0_close:
            return "1.0C";
        case model::HttpVersion::v1_1:
            return "1.1";
    }
    return "1.0";
}

std::string_view type_word(model::DnsType type) {
    switch (type) {
        case model::DnsType::a:
            return "A";
        case model::DnsType::ns:
            return "NS";
        case model::DnsType::cname:
            return "CNAME";
        case model::DnsType::soa:
            return "SOA";
        case model::DnsType::mx:
            return "MX";
        case model::DnsType::txt:
            return "TXT";
        case model::DnsType::aaaa:
            return "AAAA";
    }
    return "SOA";
}

// Two hexadecimal digits an octet, X for a digit that is not compared.
std::string octets_text(const std::vector<model::MaskedOctet>& octets) {
    std::string text;
    for (const model::MaskedOctet& octet : octets) {
        text += (octet.mask & 0xf0) != 0 ? fmt::format("{:x}", octet.value >> 4) : "X";
        text += (octet.mask & 0x0f) != 0 ? fmt::format("{:x}", octet.value & 0xf) : "X";
    }
    return text;
}

// What each kind has of its own.
struct DetailPrinter {
    Writer& out;

    void operator()(const model::TcpCheck&) const {}
    void operator()(const model::PingCheck&) const {}
    void operator()(const model::HttpCheck& check) const {
        out.line("http_protocol {}", version_word(check.version));
        if (check.fast_recovery) {
            out.line("fast_recovery");
        }
        if (check.server_name) {
            out.line("enable_sni");
        }
        if (check.tls_compliant) {
            out.line("tls_compliant");
        }
        for (const model::UrlCheck& url : check.urls) {
            print_url(out, url);
        }
    }
    void operator()(const model::SmtpCheck& check) const {
        if (!check.helo_name.empty()) {
            out.line("helo_name {}", quoted(check.helo_name));
        }
    }
    void operator()(const model::DnsCheck& check) const {
        out.line("type {}", type_word(check.type));
        out.line("name {}", quoted(check.name));
    }
    void operator()(const model::UdpCheck& check) const {
        if (!check.payload.empty()) {
            std::string text;
            for (const std::uint8_t octet : check.payload) {
                text += fmt::format("{:02x}", octet);
            }
            out.line("payload {}", text);
        }
        if (check.reply_required) {
            out.line("require_reply{}{}", check.reply.empty() ? "" : " ", octets_text(check.reply));
        }
        out.line("min_reply_length {}", check.reply_bytes_min);
        out.line("max_reply_length {}", check.reply_bytes_max);
    }
    void operator()(const model::MiscCheck& check) const {
        out.line("misc_path {}", command_word(check.script));
        if (check.timeout_ms != 0) {
            out.line("misc_timeout {}", seconds(check.timeout_ms));
        }
        if (check.dynamic) {
            out.line("misc_dynamic");
        }
        if (!check.script.user.empty()) {
            out.line("user{}", user_words(check.script.user, check.script.group));
        }
    }
    void operator()(const model::FileCheck& check) const {
        out.line("track_file {}", quoted(check.track_file));
        if (check.weight) {
            out.line("weight {}", weight_words(*check.weight));
        }
    }
};

void print_connection(Writer& out, const model::HealthCheck& check) {
    if (check.connect_address) {
        out.line("connect_ip {}", model::to_string(*check.connect_address));
    }
    if (check.connect_port) {
        out.line("connect_port {}", *check.connect_port);
    }
    if (check.bind_address) {
        out.line("bindto {}", model::to_string(*check.bind_address));
    }
    if (!check.bind_interface.empty()) {
        out.line("bind_if {}", quoted(check.bind_interface));
    }
    if (check.bind_port) {
        out.line("bind_port {}", *check.bind_port);
    }
    if (check.firewall_mark != 0) {
        out.line("fwmark {}", check.firewall_mark);
    }
    out.line("connect_timeout {}", seconds(check.connect_timeout_ms));
}

void print_schedule(Writer& out, const model::HealthCheck& check) {
    out.line("retry {}", check.retries);
    out.line("delay_before_retry {}", seconds(check.delay_before_retry_ms));
    if (check.delay_loop_ms) {
        out.line("delay_loop {}", seconds(*check.delay_loop_ms));
    }
    if (check.warmup_ms) {
        out.line("warmup {}", seconds(*check.warmup_ms));
    }
    if (check.alpha) {
        out.line("alpha");
    }
    if (check.log_all_failures) {
        out.line("log_all_failures {}", on_or_off(*check.log_all_failures));
    }
}

}  // namespace

void print_check(Writer& out, const model::HealthCheck& check) {
    const model::CheckKind kind = check.kind();
    out.open("{}", model::name(kind));
    if (kind != model::CheckKind::file) {
        if (kind != model::CheckKind::misc) {
            print_connection(out, check);
        }
        print_schedule(out, check);
    }
    std::visit(DetailPrinter{out}, check.detail);
    out.close();
}

void print_checker_globals(Writer& out, const model::Config& config) {
    if (!config.scripts.user.empty()) {
        out.line("script_user{}", user_words(config.scripts.user, config.scripts.group));
    }
    if (config.scripts.security) {
        out.line("enable_script_security");
    }
    if (config.checkers.log_all_failures) {
        out.line("checker_log_all_failures on");
    }
    if (config.checkers.notify_at_start) {
        out.line("rs_init_notifies");
    }
    if (!config.checkers.notify_fifo.empty()) {
        out.line("lvs_notify_fifo {}", quoted(config.checkers.notify_fifo));
    }
}

void print_track_file(Writer& out, const model::TrackFile& file) {
    out.blank_line();
    out.open("track_file {}", quoted(file.name));
    out.line("file {}", quoted(file.path));
    out.line("weight {}", weight_words(file.weight));
    if (file.initial) {
        out.line("init_file {}{}", *file.initial, file.overwrite ? " overwrite" : "");
    }
    out.close();
}

void print_tls_client(Writer& out, const model::TlsClient& client) {
    if (client == model::TlsClient{}) {
        return;
    }
    out.blank_line();
    out.open("SSL");
    for (const auto& [keyword, value] : {std::pair("password", &client.password),
                                         std::pair("ca", &client.authorities),
                                         std::pair("certificate", &client.certificate),
                                         std::pair("key", &client.key)}) {
        if (!value->empty()) {
            out.line("{} {}", keyword, quoted(*value));
        }
    }
    out.close();
}

}  // namespace fpvs::config
