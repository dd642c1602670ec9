// SPDX-License-Identifier: Apache-2.0
// What a register access of the host costs on the way through XRT, the shim and the link.
//
//   bench_xrt [--tiny] [XCLBIN]
//
// Without an xclbin first the fake simulator of the tests, whose registers cost nothing, so that
// the way alone is measured, and then the simulated card.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "drivers/xrt/open_card.hpp"
#include "drivers/xrt/xclbin/packer.hpp"
#include "drivers/xrt/xclbin/reader.hpp"
#include "hw/abi/abi_hash.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::xrt_card {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kScratch = abi::ring_register(abi::Ring::event, abi::reg::ring::base_low);

template <class T>
T value_or_exit(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "bench_xrt: %s\n", result.error().text().c_str());
        std::exit(1);
    }
    return *std::move(result);
}

void check(const Status& status) {
    if (!status) {
        std::fprintf(stderr, "bench_xrt: %s\n", status.error().text().c_str());
        std::exit(1);
    }
}

double microseconds(Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

void print(const char* what, double value, const char* unit) {
    std::printf(R"({"name": "xrt: %s", "value": %.1f, "unit": "%s", "better": "lower"})"
                "\n",
                what,
                value,
                unit);
}

// The median and the 99th percentile of single calls.
template <class Call>
void measure(const std::string& what, int count, Call call) {
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
        const auto begin = Clock::now();
        call(static_cast<std::uint32_t>(i));
        times.push_back(microseconds(Clock::now() - begin));
    }
    std::ranges::sort(times);
    print((what + ", median").c_str(), times[times.size() / 2], "us");
    print((what + ", 99th percentile").c_str(), times[times.size() * 99 / 100], "us");
}

std::string pack_fake(const std::filesystem::path& folder) {
    const auto simulator = value_or_exit(read_file(FPVS_FAKE_SIMCARD));
    const auto image = value_or_exit(
        pack({.platform = "fpvs_sim_1", .abi_hash = abi::kAbiHash, .bitstream = simulator}));
    const auto path = folder / "fake.xclbin";
    std::ofstream(path, std::ios::binary)
        .write(image.data(), static_cast<std::streamsize>(image.size()));
    return path;
}

void run(const std::string& path, const std::string& card_name, bool tiny) {
    const int count = tiny ? 100 : 5'000;
    const auto begin = Clock::now();
    auto card = value_or_exit(open_card({.path = path}));
    print(
        (card_name + ", load and check").c_str(), microseconds(Clock::now() - begin) / 1000, "ms");
    measure(card_name + ", register read", count, [&](std::uint32_t) {
        value_or_exit(card->read_register(abi::reg::magic));
    });
    measure(card_name + ", doorbell", count, [&](std::uint32_t i) {
        check(card->write_register(kScratch, i << 12));
    });
    measure(card_name + ", write and read back", count, [&](std::uint32_t i) {
        check(card->write_register(kScratch, i << 12));
        if (value_or_exit(card->read_register(kScratch)) != i << 12) {
            std::fprintf(stderr, "bench_xrt: a register lost its value\n");
            std::exit(1);
        }
    });
}

int bench(int count, char** words) {
    bool tiny = false;
    std::string xclbin;
    for (int i = 1; i < count; ++i) {
        if (std::strcmp(words[i], "--tiny") == 0) {
            tiny = true;
        } else {
            xclbin = words[i];
        }
    }
    if (!xclbin.empty()) {
        run(xclbin, std::filesystem::path(xclbin).filename(), tiny);
        return 0;
    }
    std::string folder = std::filesystem::temp_directory_path() / "fpvs-bench-xrt-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror(folder.c_str());
        return 1;
    }
    run(pack_fake(folder), "fake card", tiny);
    std::filesystem::remove_all(folder);
    run(FPVS_SIM_XCLBIN, "simulated card", tiny);
    return 0;
}

}  // namespace
}  // namespace fpvs::xrt_card

int main(int count, char** words) {
    return fpvs::xrt_card::bench(count, words);
}
