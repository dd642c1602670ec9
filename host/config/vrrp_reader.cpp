// SPDX-License-Identifier: Apache-2.0
#include "host/config/vrrp_reader.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/config/block.hpp"
#include "host/config/keywords.hpp"
#include "host/config/values.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint8_t kPriorityDefault = 100;
constexpr std::uint8_t kPriorityOwner = 255;  // What `state MASTER` alone means to keepalived.
constexpr std::uint32_t kCentisecondsPerSecond = 100;
constexpr std::size_t kPasswordOctets = 8;

struct Authentication {
    std::optional<std::size_t> type;  // Index of kAuthenticationTypes.
    std::optional<Word> password;
};

// What was written, before defaults that depend on one another are filled in.
struct InstanceDraft {
    model::VrrpInstance instance;
    bool has_interface = false;
    bool has_router_id = false;
    std::optional<std::uint8_t> priority;
    Position nopreempt_position;
};

void read_address_options(const Statement& line,
                          model::VirtualAddress& address,
                          Diagnostics& diagnostics) {
    for (std::size_t i = 1; i < line.words.size(); ++i) {
        const Word& option = line.words[i];
        const Word* const value = i + 1 < line.words.size() ? &line.words[i + 1] : nullptr;
        if (option.text == "dev") {
            if (value == nullptr) {
                diagnostics.error(option.position, "'dev' needs an interface's name");
                return;
            }
            address.interface = read_interface(*value, diagnostics).value_or("");
            ++i;
        } else if (option.text == "brd" || option.text == "broadcast" || option.text == "scope" ||
                   option.text == "label") {
            diagnostics.warning(option.position,
                                "'{}' of an address is known to keepalived; FPVS ignores it for "
                                "now",
                                option.text);
            ++i;
        } else {
            diagnostics.error(option.position,
                              "'{}' after an address is not understood; 'dev INTERFACE' may "
                              "follow, and each address has a line of its own",
                              option.text);
            return;
        }
    }
}

void read_virtual_address(const Statement& line, InstanceDraft& draft, Diagnostics& diagnostics) {
    const Word& first = line.keyword();
    const std::size_t slash = first.text.find('/');
    const auto parsed = read_ipv4({.text = first.text.substr(0, slash), .position = first.position},
                                  "a virtual address",
                                  diagnostics);
    if (!parsed || !has_shape(line, Shape::line, diagnostics)) {
        return;
    }
    model::VirtualAddress address{.address = *parsed, .prefix_length = 32, .interface = {}};
    if (slash != std::string::npos) {
        const auto position = static_cast<std::uint32_t>(first.position.column + slash + 1);
        const auto length = read_number(
            {.text = first.text.substr(slash + 1), .position = {first.position.line, position}},
            "the prefix length",
            {.min = 0, .max = 32},
            diagnostics);
        address.prefix_length = static_cast<std::uint8_t>(length.value_or(32));
    }
    read_address_options(line, address, diagnostics);
    auto& addresses = draft.instance.addresses;
    if (std::any_of(addresses.begin(), addresses.end(), [&](const auto& other) {
            return other.address == address.address;
        })) {
        diagnostics.error(first.position, "the virtual address {} is listed twice", first.text);
        return;
    }
    if (addresses.size() == model::kVirtualAddressesMax) {
        diagnostics.error(first.position,
                          "an instance announces at most {} addresses; make a second instance",
                          model::kVirtualAddressesMax);
        return;
    }
    addresses.push_back(std::move(address));
}

void read_virtual_addresses(const Statement& block,
                            InstanceDraft& draft,
                            Diagnostics& diagnostics) {
    for (const Statement& line : block.children) {
        read_virtual_address(line, draft, diagnostics);
    }
}

constexpr auto kAuthenticationKeywords = std::to_array<Keyword<Authentication>>({
    {.name = "auth_type",
     .read =
         [](const Statement& statement, Authentication& target, Diagnostics& diagnostics) {
             target.type = read_choice(statement, {"PASS", "AH"}, diagnostics);
             if (target.type == 1) {
                 diagnostics.error(statement.words[1].position,
                                   "auth_type AH is not supported; RFC 3768 removed it, use "
                                   "PASS on every peer");
             }
         }},
    {.name = "auth_pass",
     .read =
         [](const Statement& statement, Authentication& target, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 target.password = *word;
             }
         }},
});

void read_authentication(const Statement& block, InstanceDraft& draft, Diagnostics& diagnostics) {
    Authentication authentication;
    read_block<Authentication>(
        block.children, kAuthenticationKeywords, {}, authentication, diagnostics);
    if (!authentication.password) {
        diagnostics.warning(block.keyword().position,
                            "authentication without auth_pass is none, as in keepalived");
        return;
    }
    if (!authentication.type) {
        diagnostics.error(authentication.password->position,
                          "auth_pass needs 'auth_type PASS' beside it");
        return;
    }
    std::string password = authentication.password->text;
    if (password.size() > kPasswordOctets) {
        diagnostics.warning(authentication.password->position,
                            "only the first {} octets of auth_pass are sent",
                            kPasswordOctets);
        password.resize(kPasswordOctets);
    }
    draft.instance.authentication = model::VrrpAuthentication::password;
    draft.instance.password = std::move(password);
}

void read_advert_interval(const Statement& statement,
                          InstanceDraft& draft,
                          Diagnostics& diagnostics) {
    const auto interval_cs = read_time(statement,
                                       {.units_per_s = kCentisecondsPerSecond,
                                        .min_units = 1,
                                        .max_units = 255 * kCentisecondsPerSecond},
                                       diagnostics);
    if (!interval_cs) {
        return;
    }
    // VRRP version 2 counts whole seconds on the wire.
    const std::uint32_t seconds = std::max<std::uint32_t>(
        1, (*interval_cs + kCentisecondsPerSecond / 2) / kCentisecondsPerSecond);
    if (seconds * kCentisecondsPerSecond != *interval_cs) {
        diagnostics.warning(statement.words[1].position,
                            "VRRP version 2 counts whole seconds: advert_int {} is taken as {}",
                            statement.words[1].text,
                            seconds);
    }
    draft.instance.advert_interval_cs = seconds * kCentisecondsPerSecond;
}

constexpr auto kInstanceKeywords = std::to_array<Keyword<InstanceDraft>>({
    {.name = "state",
     .read =
         [](const Statement& statement, InstanceDraft& draft, Diagnostics& diagnostics) {
             const auto state = read_choice(statement, {"MASTER", "BACKUP"}, diagnostics);
             draft.instance.initial_master = state == 0;
         }},
    {.name = "interface",
     .read =
         [](const Statement& statement, InstanceDraft& draft, Diagnostics& diagnostics) {
             draft.has_interface = true;
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.instance.interface = read_interface(*word, diagnostics).value_or("");
             }
         }},
    {.name = "virtual_router_id",
     .read =
         [](const Statement& statement, InstanceDraft& draft, Diagnostics& diagnostics) {
             draft.has_router_id = true;
             const auto id = read_number(statement, {.min = 1, .max = 255}, diagnostics);
             draft.instance.virtual_router_id = static_cast<std::uint8_t>(id.value_or(0));
         }},
    {.name = "priority",
     .read =
         [](const Statement& statement, InstanceDraft& draft, Diagnostics& diagnostics) {
             const auto priority = read_number(statement, {.min = 1, .max = 255}, diagnostics);
             draft.priority = static_cast<std::uint8_t>(priority.value_or(kPriorityDefault));
         }},
    {.name = "advert_int", .read = read_advert_interval},
    {.name = "version",
     .read =
         [](const Statement& statement, InstanceDraft&, Diagnostics& diagnostics) {
             if (read_number(statement, {.min = 2, .max = 3}, diagnostics) == 3) {
                 diagnostics.error(statement.words[1].position,
                                   "VRRP version 3 is not supported yet; use version 2 on every "
                                   "peer");
             }
         }},
    {.name = "preempt",
     .read =
         [](const Statement& statement, InstanceDraft& draft, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             draft.instance.preempt = true;
         }},
    {.name = "nopreempt",
     .read =
         [](const Statement& statement, InstanceDraft& draft, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             draft.instance.preempt = false;
             draft.nopreempt_position = statement.keyword().position;
         }},
    {.name = "authentication", .shape = Shape::block, .read = read_authentication},
    {.name = "virtual_ipaddress", .shape = Shape::block, .read = read_virtual_addresses},
});

}  // namespace

model::VrrpInstance read_vrrp_instance(const Statement& block, Diagnostics& diagnostics) {
    InstanceDraft draft;
    const Position place = block.keyword().position;
    if (const Word* const name = single_value(block, diagnostics)) {
        draft.instance.name = name->text;
    }
    read_block<InstanceDraft>(
        block.children, kInstanceKeywords, unread_in_vrrp_instance(), draft, diagnostics);

    model::VrrpInstance& instance = draft.instance;
    instance.priority =
        draft.priority.value_or(instance.initial_master ? kPriorityOwner : kPriorityDefault);
    if (!draft.priority && instance.initial_master) {
        diagnostics.warning(place,
                            "'state MASTER' without a priority means priority 255, the owner of "
                            "the addresses; write the priority");
    }
    if (instance.priority == kPriorityOwner && !instance.preempt) {
        diagnostics.warning(draft.nopreempt_position,
                            "priority 255 always preempts; nopreempt is ignored");
        instance.preempt = true;
    }
    if (!draft.has_interface) {
        diagnostics.error(place, "vrrp_instance '{}' needs an interface", instance.name);
    }
    if (!draft.has_router_id) {
        diagnostics.error(place, "vrrp_instance '{}' needs a virtual_router_id", instance.name);
    }
    if (instance.addresses.empty()) {
        diagnostics.warning(place, "vrrp_instance '{}' has no virtual_ipaddress", instance.name);
    }
    return std::move(draft.instance);
}

}  // namespace fpvs::config
