// SPDX-License-Identifier: Apache-2.0
// HLS pragmas, read where they stand and checked against the forms that Vitis documents.
//
// A pragma is turned into a call in the preprocessed source,
//     __fpvs_pragma("BIND_STORAGE", "type=ram_s2p impl=bram latency=#", &(t), 2);
// so that clang resolves the variable and folds the constants in the scope of the pragma; template
// arguments and named constants then mean what the author means.  hlsc removes the calls again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hw/hlsc/base/diagnostics.hpp"

namespace fpvs::hlsc {

// A pragma as it stands in the source.
struct PragmaText {
    std::string kind;                           // Upper case.
    std::map<std::string, std::string> values;  // key=value; keys in lower case.
    std::vector<std::string> flags;             // Words without '='.
};

// Nothing, with the reason reported, for a pragma that Vitis does not have or not in this form.
std::optional<PragmaText> parse_pragma(std::string_view line,
                                       Position where,
                                       Diagnostics& diagnostics);

// The call that stands for the pragma, or "" for one that only guides Vitis.
std::string call_for(const PragmaText& pragma);

// Replaces each "#pragma HLS" line of a preprocessed source by its call; line markers keep every
// position.
std::string replace_pragmas(const std::string& preprocessed, Diagnostics& diagnostics);

// The name of the marker function, and its declaration that leads the replaced source.
inline constexpr const char* kPragmaFunction = "__fpvs_pragma";

}  // namespace fpvs::hlsc
