// SPDX-License-Identifier: Apache-2.0
// A folder of one test's own, removed with all it holds.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "host/util/check.hpp"

namespace fpvs::kit {

class TemporaryFolder {
  public:
    TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "fpvs-t-XXXXXX").string()) {
        FPVS_CHECK(mkdtemp(path_.data()) != nullptr, "{}", path_);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

  private:
    std::string path_;
};

}  // namespace fpvs::kit
