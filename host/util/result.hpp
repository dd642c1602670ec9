// SPDX-License-Identifier: Apache-2.0
// The one way to report a mistake of the user or the environment: Result<T>.
//
// An Error carries a code for programs, a sentence a user can act on, and where it happened
// (file:line:column for configuration, a path or a peer elsewhere).  "Not found" is not an error:
// return std::optional.  The impossible is FPVS_CHECK (host/util/check.hpp).
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace fpvs {

enum class Code {
    invalid_argument,     // What the user wrote cannot be meant.
    already_exists,       // A name or address is taken.
    not_found,            // A named thing does not exist.
    failed_precondition,  // Right request, wrong moment.
    exhausted,            // A named limit is reached.
    unavailable,          // A device, peer or file does not answer.
    mismatch,             // Two sides do not speak the same contract (abi hash, version).
    internal,             // A library refused in a way its documentation does not name.
};

struct [[nodiscard]] Error {
    Code code = Code::internal;
    std::string message;
    std::string where = {};

    // "where: message", or the message alone.
    [[nodiscard]] std::string text() const {
        return where.empty() ? message : where + ": " + message;
    }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(Code code,
                                         fmt::format_string<Args...> format,
                                         Args&&... args) {
    return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), {}});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace fpvs

#define FPVS_CONCAT_INNER(a, b) a##b
#define FPVS_CONCAT(a, b) FPVS_CONCAT_INNER(a, b)

// FPVS_TRY(auto value, expression): value of the expression, or return its error to the caller.
#define FPVS_TRY(declaration, ...)                                \
    auto FPVS_CONCAT(fpvs_try_, __LINE__) = (__VA_ARGS__);        \
    if (!FPVS_CONCAT(fpvs_try_, __LINE__)) {                      \
        return ::tl::unexpected<::fpvs::Error>(                   \
            std::move(FPVS_CONCAT(fpvs_try_, __LINE__)).error()); \
    }                                                             \
    declaration = std::move(*FPVS_CONCAT(fpvs_try_, __LINE__))

// FPVS_TRY_STATUS(expression): the same for a Status.
#define FPVS_TRY_STATUS(...)                                                    \
    if (auto fpvs_status = (__VA_ARGS__); !fpvs_status) {                       \
        return ::tl::unexpected<::fpvs::Error>(std::move(fpvs_status).error()); \
    }                                                                           \
    static_assert(true, "a semicolon follows")
