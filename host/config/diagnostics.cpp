// SPDX-License-Identifier: Apache-2.0
#include "host/config/diagnostics.hpp"

#include <algorithm>

#include "host/model/limits.hpp"

namespace fpvs::config {

void Diagnostics::add(List& list, Position position, std::string message) {
    ++list.count;
    if (list.entries.size() < model::kConfigDiagnosticsMax) {
        list.entries.push_back({position, std::move(message)});
    }
}

void Diagnostics::add(const Diagnostics& other) {
    for (const Entry& entry : other.errors_.entries) {
        add(errors_, entry.position, entry.message);
    }
    errors_.count += other.errors_.count - other.errors_.entries.size();
    add_warnings(other.warnings_);
}

void Diagnostics::add_warnings(const List& list) {
    for (const Entry& entry : list.entries) {
        add(warnings_, entry.position, entry.message);
    }
    warnings_.count += list.count - list.entries.size();
}

std::vector<Diagnostics::Entry> Diagnostics::in_file_order(const List& list) {
    std::vector<Entry> sorted;
    for (const Entry& entry : list.entries) {
        const auto place = std::upper_bound(
            sorted.begin(), sorted.end(), entry, [](const Entry& a, const Entry& b) {
                return a.position < b.position;
            });
        sorted.insert(place, entry);
    }
    return sorted;
}

std::string Diagnostics::place(Position position) const {
    return fmt::format("{}:{}:{}",
                       position.file < file_names_->size() ? (*file_names_)[position.file] : "?",
                       position.line,
                       position.column);
}

Error Diagnostics::to_error() const {
    Error error{.code = Code::invalid_argument, .message = {}, .where = {}};
    for (const Entry& entry : in_file_order(errors_)) {
        if (error.where.empty()) {
            error.where = place(entry.position);
            error.message = entry.message;
        } else {
            error.message += fmt::format("\n{}: {}", place(entry.position), entry.message);
        }
    }
    if (errors_.count > errors_.entries.size()) {
        error.message += fmt::format("\n{}: {} more errors are not shown",
                                     file_names_->front(),
                                     errors_.count - errors_.entries.size());
    }
    return error;
}

std::vector<std::string> Diagnostics::warnings() const {
    std::vector<std::string> lines;
    for (const Entry& entry : in_file_order(warnings_)) {
        lines.push_back(fmt::format("{}: {}", place(entry.position), entry.message));
    }
    if (warnings_.count > warnings_.entries.size()) {
        lines.push_back(fmt::format("{}: {} more warnings are not shown",
                                    file_names_->front(),
                                    warnings_.count - warnings_.entries.size()));
    }
    return lines;
}

}  // namespace fpvs::config
