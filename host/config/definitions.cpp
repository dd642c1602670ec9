// SPDX-License-Identifier: Apache-2.0
#include "host/config/definitions.hpp"

#include <charconv>
#include <utility>

#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_part(char c) {
    return is_name_start(c) || (c >= '0' && c <= '9');
}

// What may stand behind a name without braces.
bool ends_reference(char c) {
    return c == ' ' || c == '\t' || c == ',' || c == ')';
}

// "", "MIN" or "MIN MAX".
std::optional<std::string> random_number(std::string_view parameters, std::mt19937_64& random) {
    constexpr std::uint32_t kMaxUsual = 32767;
    std::uint32_t bounds[2] = {0, kMaxUsual};
    const char* at = parameters.data();
    const char* const end = at + parameters.size();
    for (std::uint32_t& bound : bounds) {
        while (at != end && *at == ' ') {
            ++at;
        }
        if (at == end) {
            break;
        }
        const auto [rest, error] = std::from_chars(at, end, bound);
        if (error != std::errc()) {
            return std::nullopt;
        }
        at = rest;
    }
    if (bounds[0] > bounds[1]) {
        return std::nullopt;
    }
    const std::uint64_t count = std::uint64_t{bounds[1]} - bounds[0] + 1;
    return std::to_string(bounds[0] + random() % count);
}

}  // namespace

std::optional<Reference> reference_at(std::string_view line, std::size_t dollar) {
    std::size_t at = dollar + 1;
    Reference reference;
    reference.in_braces = at < line.size() && line[at] == '{';
    at += reference.in_braces ? 1 : 0;
    const std::size_t begin = at;
    if (at >= line.size() || !is_name_start(line[at])) {
        return std::nullopt;
    }
    while (at < line.size() && is_name_part(line[at])) {
        ++at;
    }
    reference.name = line.substr(begin, at - begin);
    if (!reference.in_braces) {
        if (at < line.size() && !ends_reference(line[at])) {
            return std::nullopt;
        }
        reference.size = at - dollar;
        return reference;
    }
    const std::size_t close = line.find_first_not_of(" 0123456789", at);
    if (close == std::string_view::npos || line[close] != '}') {
        return std::nullopt;
    }
    reference.parameters = line.substr(at, close - at);
    reference.size = close + 1 - dollar;
    return reference;
}

Definitions::Definitions(std::string_view instance, std::uint64_t seed)
    : instance_(instance), random_(seed) {}

bool Definitions::set(std::string_view name, std::shared_ptr<const Lines> text) {
    const auto known = texts_.find(name);
    if (known != texts_.end()) {
        known->second = std::move(text);
        return true;
    }
    if (texts_.size() == model::kConfigDefinitionsMax) {
        return false;
    }
    texts_.emplace(name, std::move(text));
    return true;
}

bool Definitions::set(std::string_view name, std::string text) {
    return set(name, std::make_shared<const Lines>(1, std::move(text)));
}

std::shared_ptr<const Lines> Definitions::find(const Reference& reference,
                                               const std::string& folder) {
    const auto known = texts_.find(reference.name);
    if (known != texts_.end()) {
        return reference.parameters.empty() ? known->second : nullptr;
    }
    if (auto text = built_in(reference, folder)) {
        return std::make_shared<const Lines>(1, std::move(*text));
    }
    return nullptr;
}

std::optional<std::string> Definitions::built_in(const Reference& reference,
                                                 const std::string& folder) {
    if (reference.name == "_RANDOM") {
        return random_number(reference.parameters, random_);
    }
    if (!reference.parameters.empty()) {
        return std::nullopt;
    }
    if (reference.name == "_PWD") {
        return folder;
    }
    if (reference.name == "_INSTANCE") {
        return instance_;
    }
    if (reference.name == "_HASH") {
        return "#";
    }
    if (reference.name == "_BANG") {
        return "!";
    }
    return std::nullopt;
}

}  // namespace fpvs::config
