// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/file_probe.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>

#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::probe {
namespace {

constexpr std::size_t kTextBytes = 128;  // As much of a file as is looked at.

class FileAttempt final : public provider::Probe::Attempt {
  public:
    explicit FileAttempt(std::shared_ptr<provider::Probe::Done> done) : done_(std::move(done)) {}
    ~FileAttempt() override { *done_ = nullptr; }

  private:
    std::shared_ptr<provider::Probe::Done> done_;
};

}  // namespace

std::int64_t parse_file_number(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) {
        return 0;
    }
    text.remove_prefix(begin + (text[begin] == '+' ? 1 : 0));
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? number : 0;
}

std::int64_t read_file_number(const std::string& path) {
    const kernel::UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    std::array<char, kTextBytes> text{};
    const ssize_t size = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
    return size > 0 ? parse_file_number({text.data(), static_cast<std::size_t>(size)}) : 0;
}

provider::ProbeReport judge_file(std::int64_t number, const model::TrackWeight& weight) {
    constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
    provider::ProbeReport report{.success = true, .result = fmt::format("value {}", number)};
    if (weight.factor == 0) {
        report.success = (number == 0) != weight.reverse;
        report.weight_change = 0;
        return report;
    }
    // Both are at most 2^31 in size, so that their product fits.
    const std::int64_t limited = std::clamp(number, -kMax - 1, kMax);
    const std::int64_t change = limited * weight.factor * (weight.reverse ? -1 : 1);
    report.success = change > -kMax - 1;
    report.weight_change = std::clamp(change, -kMax, kMax);
    return report;
}

Status prepare_file(const model::TrackFile& file) {
    if (!file.initial) {
        return {};
    }
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (file.overwrite ? O_TRUNC : O_EXCL);
    const kernel::UniqueFd opened(::open(file.path.c_str(), flags, 0644));
    if (!opened.valid()) {
        const bool there = errno == EEXIST && !file.overwrite;
        return there ? Status{}
                     : fail(Code::unavailable, "{}: {}", file.path, std::strerror(errno));
    }
    const std::string text = fmt::format("{}\n", *file.initial);
    if (::write(opened.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return fail(Code::unavailable, "{} cannot be written", file.path);
    }
    return {};
}

std::unique_ptr<provider::Probe::Attempt> begin_file(boost::asio::io_context& io,
                                                     const provider::ProbeRequest& request,
                                                     const std::optional<model::TrackFile>& file,
                                                     provider::Probe::Done done) {
    const auto& check = std::get<model::FileCheck>(request.check.detail);
    provider::ProbeReport report{.success = false, .result = "no such track_file"};
    if (file) {
        report = judge_file(read_file_number(file->path), check.weight.value_or(file->weight));
    }
    auto heard = std::make_shared<provider::Probe::Done>(std::move(done));
    boost::asio::post(io, [heard, report = std::move(report)] {
        if (const provider::Probe::Done told = std::exchange(*heard, nullptr)) {
            told(report);
        }
    });
    return std::make_unique<FileAttempt>(std::move(heard));
}

}  // namespace fpvs::probe
