// SPDX-License-Identifier: Apache-2.0
// xclbins around the fake simulator, in a folder of their own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "drivers/xrt/xclbin/packer.hpp"
#include "drivers/xrt/xclbin/reader.hpp"
#include "hw/abi/abi_hash.hpp"

namespace fpvs::xrt_card {

class Folder {
  public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "fpvs-t-xrt-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

    std::string write(const std::string& name, const std::vector<char>& bytes) const {
        std::ofstream stream(file(name), std::ios::binary);
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return file(name);
    }

  private:
    std::filesystem::path path_;
};

// The environment variable for as long as the object lives.
class ScopedVariable {
  public:
    ScopedVariable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;
    ~ScopedVariable() { ::unsetenv(name_); }

  private:
    const char* name_;
};

inline const std::vector<char>& fake_simulator() {
    static const std::vector<char> bytes = [] {
        auto file = read_file(FPVS_FAKE_SIMCARD);
        EXPECT_TRUE(file) << file.error().text();
        return *std::move(file);
    }();
    return bytes;
}

inline std::vector<char> make_card(PackInput input = {}) {
    if (input.platform.empty()) {
        input.platform = "fpvs_sim_1";
    }
    if (input.bitstream.empty()) {
        input.bitstream = fake_simulator();
    }
    if (input.abi_hash == 0) {
        input.abi_hash = abi::kAbiHash;
    }
    auto image = pack(input);
    EXPECT_TRUE(image) << image.error().text();
    return *std::move(image);
}

}  // namespace fpvs::xrt_card
