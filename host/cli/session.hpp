// SPDX-License-Identifier: Apache-2.0
// One run's talk with the daemon: connects when first needed, prints answers as text or JSON.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/cli/run.hpp"
#include "host/control/api.pb.h"
#include "host/control/client.hpp"
#include "host/util/result.hpp"

namespace fpvs::cli {

namespace api = control::api;

constexpr int kExitFailure = 255;

class Session {
  public:
    Session(Environment& environment, bool json) : environment_(environment), json_(json) {}

    [[nodiscard]] Environment& environment() { return environment_; }

    // A whole answer, its pieces put together.
    [[nodiscard]] Result<api::Reply> ask(const api::Request& request);
    // The pieces one by one, for what may be long.
    [[nodiscard]] Status stream(const api::Request& request,
                                const std::function<void(const api::Reply&)>& each);

    // Asks and prints: the answer as `text` puts it, or as JSON.  Returns the exit code.
    int show(const api::Request& request,
             const std::function<std::string(const api::Reply&)>& text,
             int exit_code_of_failure = kExitFailure);
    // For requests that are done or not: nothing is printed but what went wrong.
    int carry_out(const api::Request& request);
    // Prints an answer that is there already: as JSON, or the text that stands for it.
    void print(const api::Reply& reply, std::string_view text);
    // Prints text that no daemon was asked for: as it is, or as JSON's message.
    void print_text(std::string_view text);

    [[nodiscard]] bool json() const { return json_; }
    int report_failure(const Error& error, int exit_code = kExitFailure);
    // A command line that is not taken; `message` has its line's end.
    int refuse(std::string_view message, int exit_code);

  private:
    void print_json(const api::Reply& reply);

    Environment& environment_;
    bool json_;
    std::optional<control::Client> client_;
};

}  // namespace fpvs::cli
