// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/sched/ipvsadm_command.hpp"

#include <bit>
#include <charconv>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "host/schedule/scheduler.hpp"

namespace fpvs::test {
namespace {

[[nodiscard]] std::optional<std::uint32_t> number(const std::string& text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

[[nodiscard]] std::optional<model::ServerKey> endpoint(const std::string& text) {
    const std::size_t colon = text.find(':');
    const auto address = model::parse_ipv4(text.substr(0, colon));
    const auto port =
        colon == std::string::npos ? std::optional(0u) : number(text.substr(colon + 1));
    if (!address || !port) {
        return std::nullopt;
    }
    return model::ServerKey{.address = *address, .port = static_cast<std::uint16_t>(*port)};
}

// What a command line says, gathered before it is carried out.
struct Command {
    char verb = 0;
    model::ServiceKey service;
    model::ServerKey server;
    model::ServiceSettings service_settings;
    model::ServerSettings server_settings;
};

using Problem = tl::unexpected<Unsupported>;
using Handled = tl::expected<void, Unsupported>;

[[nodiscard]] Problem unsupported(std::string reason) {
    return Problem(Unsupported{std::move(reason)});
}

[[nodiscard]] model::Persistence& persistence(Command& command) {
    if (!command.service_settings.persistence) {
        command.service_settings.persistence.emplace();
    }
    return *command.service_settings.persistence;
}

[[nodiscard]] Handled take_flag(Command& command, char option) {
    switch (option) {
        case 'A':
        case 'E':
        case 'D':
        case 'C':
        case 'a':
        case 'e':
        case 'd':
            command.verb = option;
            return {};
        case 'g':
            command.server_settings.forwarding = model::Forwarding::direct_routing;
            return {};
        case 'm':
            command.server_settings.forwarding = model::Forwarding::nat;
            return {};
        case 'i':
            command.server_settings.forwarding = model::Forwarding::tunnel;
            return {};
        case 'o':
            command.service_settings.one_packet = true;
            return {};
        default:
            return unsupported(std::string("option -") + option);
    }
}

[[nodiscard]] Handled take_scheduler_flags(Command& command, const std::string& value) {
    std::istringstream flags(value);
    for (std::string flag; std::getline(flags, flag, ',');) {
        if (flag == "sh-port" || flag == "mh-port") {
            command.service_settings.hash_port = true;
        } else if (flag == "sh-fallback" || flag == "mh-fallback") {
            command.service_settings.hash_fallback = true;
        } else {
            return unsupported("scheduler flag " + flag);
        }
    }
    return {};
}

[[nodiscard]] Handled take_address(Command& command, char option, const std::string& value) {
    const auto address = endpoint(value);
    if (!address) {
        return unsupported("IPv6");
    }
    if (option == 'r') {
        command.server = *address;
        return {};
    }
    command.service.address = address->address;
    command.service.port = address->port;
    command.service.protocol = option == 't' ? model::Protocol::tcp : model::Protocol::udp;
    return {};
}

[[nodiscard]] Handled take_value(Command& command, char option, const std::string& value) {
    switch (option) {
        case 't':
        case 'u':
        case 'r':
            return take_address(command, option, value);
        case 's':
            command.service_settings.scheduler = value;
            return {};
        case 'b':
            return take_scheduler_flags(command, value);
        default:
            break;
    }
    if (option == 'M') {
        const auto mask = model::parse_ipv4(value);
        if (!mask) {
            return unsupported("mask " + value);
        }
        persistence(command).client_mask = mask->value;
        return {};
    }
    const auto amount = number(value);
    if (!amount) {
        return unsupported("value " + value);
    }
    switch (option) {
        case 'f':
            command.service = {.firewall_mark = *amount};
            break;
        case 'p':
            persistence(command).timeout_s = *amount;
            break;
        case 'w':
            command.server_settings.weight = static_cast<std::int32_t>(*amount);
            break;
        case 'x':
            command.server_settings.upper_threshold = *amount;
            break;
        default:
            command.server_settings.lower_threshold = *amount;
            break;
    }
    return {};
}

[[nodiscard]] tl::expected<Command, Unsupported> parse(std::string_view text) {
    std::istringstream words{std::string(text)};
    std::string word;
    words >> word;  // The program's name.
    Command command;
    while (words >> word) {
        if (word.size() != 2 || word[0] != '-') {
            return unsupported("word " + word);
        }
        const char option = word[1];
        constexpr std::string_view kWithValue = "turfsbpMwxy";
        Handled handled;
        if (kWithValue.find(option) != std::string_view::npos) {
            words >> word;
            handled = take_value(command, option, word);
        } else if (option == '6') {
            return unsupported("IPv6");
        } else {
            handled = take_flag(command, option);
        }
        if (!handled) {
            return Problem(handled.error());
        }
    }
    return command;
}

}  // namespace

tl::expected<CommandResult, Unsupported> run_ipvsadm(engine::Engine& engine,
                                                     std::string_view text) {
    const auto parsed = parse(text);
    if (!parsed) {
        return Problem(parsed.error());
    }
    const Command& command = *parsed;
    Status status;
    switch (command.verb) {
        case 'A':
            status = engine.add_service(command.service, command.service_settings);
            break;
        case 'E':
            status = engine.edit_service(command.service, command.service_settings);
            break;
        case 'D':
            status = engine.delete_service(command.service);
            break;
        case 'C':
            engine.flush();
            break;
        case 'a':
            status = engine.add_server(command.service, command.server, command.server_settings);
            break;
        case 'e':
            status = engine.edit_server(command.service, command.server, command.server_settings);
            break;
        case 'd':
            status = engine.delete_server(command.service, command.server);
            break;
        default:
            return unsupported("command without a verb");
    }
    CommandResult result{.exit_code = 0, .output = {}, .service = command.service};
    if (!status) {
        result.exit_code = 255;
        result.output = status.error().message;
    }
    return result;
}

}  // namespace fpvs::test
