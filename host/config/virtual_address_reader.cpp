// SPDX-License-Identifier: Apache-2.0
#include "host/config/virtual_address_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/config/block.hpp"
#include "host/config/values.hpp"

namespace fpvs::config {
namespace {

// Options that change how the kernel presents the address, not who owns it; each has a value.
constexpr std::array<std::string_view, 7> kPassedOver = {
    "brd", "broadcast", "scope", "label", "peer", "preferred_lft", "track_group"};
// And those that stand alone.
constexpr std::array<std::string_view, 5> kFlagsPassedOver = {
    "home", "-nodad", "mngtmpaddr", "noprefixroute", "no_track"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

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
        } else if (is_one_of(kPassedOver, option.text) ||
                   is_one_of(kFlagsPassedOver, option.text)) {
            diagnostics.warning(option.position,
                                "'{}' of an address is known to keepalived; FPVS ignores it for "
                                "now",
                                option.text);
            i += is_one_of(kPassedOver, option.text) ? 1 : 0;
        } else {
            diagnostics.error(option.position,
                              "'{}' after an address is not understood; 'dev INTERFACE' may "
                              "follow, and each address has a line of its own",
                              option.text);
            return;
        }
    }
}

std::optional<model::VirtualAddress> read_virtual_address(const Statement& line,
                                                          Diagnostics& diagnostics) {
    const Word& first = line.keyword();
    const std::size_t slash = first.text.find('/');
    const auto parsed =
        read_address({.text = first.text.substr(0, slash), .position = first.position},
                     "a virtual address",
                     diagnostics);
    if (!parsed || !has_shape(line, Shape::line, diagnostics)) {
        return std::nullopt;
    }
    const std::uint8_t longest = parsed->is_ipv4() ? 32 : 128;
    model::VirtualAddress address{.address = *parsed, .prefix_length = longest, .interface = {}};
    if (slash != std::string::npos) {
        const auto column = static_cast<std::uint32_t>(first.position.column + slash + 1);
        const auto length = read_number({.text = first.text.substr(slash + 1),
                                         .position = {.file = first.position.file,
                                                      .line = first.position.line,
                                                      .column = column}},
                                        "the prefix length",
                                        {.min = 0, .max = longest},
                                        diagnostics);
        address.prefix_length = static_cast<std::uint8_t>(length.value_or(longest));
    }
    read_address_options(line, address, diagnostics);
    return address;
}

}  // namespace

void read_virtual_addresses(const Statement& block,
                            std::size_t limit,
                            std::vector<model::VirtualAddress>& addresses,
                            Diagnostics& diagnostics) {
    for (const Statement& line : block.children) {
        auto address = read_virtual_address(line, diagnostics);
        if (!address) {
            continue;
        }
        const Position place = line.keyword().position;
        if (std::any_of(addresses.begin(), addresses.end(), [&](const auto& other) {
                return other.address == address->address;
            })) {
            diagnostics.error(place, "the virtual address {} is listed twice", line.keyword().text);
        } else if (addresses.size() == limit) {
            diagnostics.error(
                place, "an instance announces at most {} addresses; make a second instance", limit);
        } else {
            addresses.push_back(std::move(*address));
        }
    }
}

}  // namespace fpvs::config
