// SPDX-License-Identifier: Apache-2.0
// FPVS_CHECK(condition, format, ...): the impossible.  On in release builds, prints and aborts.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

#define FPVS_CHECK(condition, ...)                                                            \
    do {                                                                                      \
        if (!(condition)) [[unlikely]] {                                                      \
            ::fmt::print(stderr, "{}:{}: check failed: {} ", __FILE__, __LINE__, #condition); \
            ::fmt::print(stderr, "" __VA_ARGS__);                                             \
            ::fmt::print(stderr, "\n");                                                       \
            ::std::abort();                                                                   \
        }                                                                                     \
    } while (false)
