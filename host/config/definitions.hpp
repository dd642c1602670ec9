// SPDX-License-Identifier: Apache-2.0
// keepalived's parameters: $NAME=TEXT defines one, $NAME and ${NAME} stand for its text.
//
// The text is put in where the name is used, not where it is defined, and what it brings is
// replaced in turn.  A name that is not defined stays as it is.  A definition of several lines is
// put in at the end of a line only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace fpvs::config {

using Lines = std::vector<std::string>;

// `$NAME` or `${NAME}` as it stands in a line.
struct Reference {
    std::size_t size = 0;  // Of all of it.
    std::string_view name;
    std::string_view parameters = {};  // `${_RANDOM 1 6}`: "1 6".
    bool in_braces = false;
};

// The reference that begins at this dollar, if it is one.
[[nodiscard]] std::optional<Reference> reference_at(std::string_view line, std::size_t dollar);

class Definitions {
  public:
    // `instance` is what @conditions compare, and what ${_INSTANCE} stands for.
    Definitions(std::string_view instance, std::uint64_t seed);

    // False: there is no room for one more.
    [[nodiscard]] bool set(std::string_view name, std::shared_ptr<const Lines> text);
    [[nodiscard]] bool set(std::string_view name, std::string text);
    // For ${_RANDOM}, from here on.
    void seed(std::uint64_t seed) { random_.seed(seed); }

    // What the reference stands for now; null if nothing.  `folder` is ${_PWD}.
    [[nodiscard]] std::shared_ptr<const Lines> find(const Reference& reference,
                                                    const std::string& folder);

  private:
    [[nodiscard]] std::optional<std::string> built_in(const Reference& reference,
                                                      const std::string& folder);

    std::map<std::string, std::shared_ptr<const Lines>, std::less<>> texts_;
    std::string instance_;
    std::mt19937_64 random_;
};

}  // namespace fpvs::config
