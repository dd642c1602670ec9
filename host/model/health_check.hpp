// SPDX-License-Identifier: Apache-2.0
// How a real server is asked whether it serves: keepalived's checkers and their keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/model/address.hpp"
#include "host/model/script.hpp"
#include "host/model/track_file.hpp"

namespace fpvs::model {

// In the order of CheckDetail's kinds, HTTP_GET and SSL_GET being one of them.
enum class CheckKind : std::uint8_t { tcp, http, ssl, smtp, dns, udp, ping, misc, file };

// The word that a configuration has for it: "TCP_CHECK".
[[nodiscard]] std::string_view name(CheckKind kind);

struct TcpCheck {
    friend bool operator==(const TcpCheck&, const TcpCheck&) = default;
};

struct StatusRange {
    std::uint16_t first = 200;
    std::uint16_t last = 299;

    friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

struct RegexCheck {
    std::string pattern;
    std::vector<std::string> options = {};  // PCRE2's, as keepalived names them: "caseless".
    bool must_not_match = false;
    std::uint32_t min_offset = 0;             // Octets of the body before the first that is tried.
    std::optional<std::uint32_t> max_offset;  // A match begins before this octet.
    std::uint32_t stack_start_bytes = 0;      // Of the matcher; 0: the library's own.
    std::uint32_t stack_max_bytes = 0;

    friend bool operator==(const RegexCheck&, const RegexCheck&) = default;
};

struct UrlCheck {
    std::string path = "/";
    std::string virtual_host = {};  // Empty: the address stands in its place.
    std::string digest = {};        // MD5 of the body, 32 hexadecimal digits; empty: any.
    std::vector<StatusRange> status_codes = {StatusRange{}};
    std::optional<RegexCheck> regex = {};

    friend bool operator==(const UrlCheck&, const UrlCheck&) = default;
};

enum class HttpVersion : std::uint8_t { v1_0, v1_0_close, v1_1 };

// One URL is asked for at a time; a server that is down comes back when all have answered.
struct HttpCheck {
    bool tls = false;
    HttpVersion version = HttpVersion::v1_0;
    bool fast_recovery = false;  // The URLs of a server that is down follow without delay.
    bool server_name = false;    // The virtual host is told in the TLS handshake.
    bool tls_compliant = false;  // An end without TLS's goodbye is a failure.
    std::vector<UrlCheck> urls = {};

    friend bool operator==(const HttpCheck&, const HttpCheck&) = default;
};

struct SmtpCheck {
    std::string helo_name = {};  // Empty: this host's name.

    friend bool operator==(const SmtpCheck&, const SmtpCheck&) = default;
};

// With the numbers of RFC 1035 3.2.2 and RFC 3596.
enum class DnsType : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    mx = 15,
    txt = 16,
    aaaa = 28,
};

struct DnsCheck {
    DnsType type = DnsType::soa;
    std::string name = ".";

    friend bool operator==(const DnsCheck&, const DnsCheck&) = default;
};

// An octet of which only the bits of the mask are compared.
struct MaskedOctet {
    std::uint8_t value = 0;
    std::uint8_t mask = 0xff;

    friend bool operator==(const MaskedOctet&, const MaskedOctet&) = default;
};

struct UdpCheck {
    std::vector<std::uint8_t> payload = {};  // Empty: a text of our own.
    bool reply_required = false;             // Otherwise silence is no failure.
    std::vector<MaskedOctet> reply = {};     // How a reply begins.
    std::uint16_t reply_bytes_min = 0;
    std::uint16_t reply_bytes_max = 255;

    friend bool operator==(const UdpCheck&, const UdpCheck&) = default;
};

struct PingCheck {
    friend bool operator==(const PingCheck&, const PingCheck&) = default;
};

struct MiscCheck {
    Script script = {};
    std::uint32_t timeout_ms = 0;  // 0: the delay between two checks.
    bool dynamic = false;          // An exit status of 2 or more is the server's weight plus 2.

    friend bool operator==(const MiscCheck&, const MiscCheck&) = default;
};

// A factor of 0 makes any other number than 0 a failure.
struct FileCheck {
    std::string track_file = {};             // The name of a TrackFile.
    std::optional<TrackWeight> weight = {};  // Otherwise the TrackFile's.

    friend bool operator==(const FileCheck&, const FileCheck&) = default;
};

using CheckDetail = std::
    variant<TcpCheck, HttpCheck, SmtpCheck, DnsCheck, UdpCheck, PingCheck, MiscCheck, FileCheck>;

struct HealthCheck {
    std::uint32_t connect_timeout_ms = 5'000;
    std::uint32_t retries = 1;  // Failures after the first before a server is down.
    std::uint32_t delay_before_retry_ms = 1'000;
    std::optional<IpAddress> connect_address;  // Otherwise the server's own.
    std::optional<std::uint16_t> connect_port;
    std::optional<IpAddress> bind_address;
    std::optional<std::uint16_t> bind_port = {};
    std::string bind_interface = {};
    std::uint32_t firewall_mark = 0;                  // Of the check's own packets; 0: none.
    std::optional<std::uint32_t> delay_loop_ms = {};  // Otherwise the service's.
    std::optional<std::uint32_t> warmup_ms = {};      // Otherwise the delay loop.
    bool alpha = false;                               // Down until the first success.
    std::optional<bool> log_all_failures = {};        // Otherwise as global_defs says.
    CheckDetail detail = TcpCheck{};

    [[nodiscard]] CheckKind kind() const;
    friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

}  // namespace fpvs::model
