// SPDX-License-Identifier: Apache-2.0
// FILE_CHECK: a number in a file is a weight, or the end of a server.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/provider/probe.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::probe {

// The number that a text begins with, blanks before it allowed.  Text without one counts as 0.
[[nodiscard]] std::int64_t parse_file_number(std::string_view text);

// A file that is not there counts as 0, as with keepalived.
[[nodiscard]] std::int64_t read_file_number(const std::string& path);

// What the number means with this weight.
[[nodiscard]] provider::ProbeReport judge_file(std::int64_t number,
                                               const model::TrackWeight& weight);

// Writes the initial value, if the configuration asks for one.
[[nodiscard]] Status prepare_file(const model::TrackFile& file);

// Nothing: there is no such track file.
[[nodiscard]] std::unique_ptr<provider::Probe::Attempt> begin_file(
    boost::asio::io_context& io,
    const provider::ProbeRequest& request,
    const std::optional<model::TrackFile>& file,
    provider::Probe::Done done);

}  // namespace fpvs::probe
