// SPDX-License-Identifier: Apache-2.0
// The matrix behind tests/cases/files: methods, families, protocols, tags, directions and sizes,
// and what a director does not simply forward.
#pragma once

#include <string>
#include <vector>

#include "tests/parity/packets/traffic.hpp"
#include "tests/parity/packets/world.hpp"

namespace fpvs::parity {

struct MatrixCase {
    std::string name;
    std::string about;
    World world;
    std::vector<FrameOperation> operations;
};

[[nodiscard]] std::vector<MatrixCase> matrix_cases();

}  // namespace fpvs::parity
