// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdio>

#include "drivers/dpdk/eal.hpp"

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    const auto eal = fpvs::dpdk::Eal::start({.memory_mb = 64});
    if (!eal) {
        std::fprintf(stderr, "%s\n", eal.error().text().c_str());
        return 1;
    }
    return RUN_ALL_TESTS();
}
