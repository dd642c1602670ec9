// SPDX-License-Identifier: Apache-2.0
#include "host/util/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <utility>

namespace fpvs {
namespace {

// Steps of backtracking: some tens of milliseconds at the worst.
constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kHeapLimitKib = 8192;

struct Option {
    std::string_view name;
    std::uint32_t bits;
};

constexpr auto kOptions = std::to_array<Option>({
    {"allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS},
    {"alt_bsux", PCRE2_ALT_BSUX},
    {"alt_circumflex", PCRE2_ALT_CIRCUMFLEX},
    {"alt_verbnames", PCRE2_ALT_VERBNAMES},
    {"auto_callout", PCRE2_AUTO_CALLOUT},
    {"caseless", PCRE2_CASELESS},
    {"dollar_endonly", PCRE2_DOLLAR_ENDONLY},
    {"dotall", PCRE2_DOTALL},
    {"dupnames", PCRE2_DUPNAMES},
    {"extended", PCRE2_EXTENDED},
    {"firstline", PCRE2_FIRSTLINE},
    {"match_unset_backref", PCRE2_MATCH_UNSET_BACKREF},
    {"multiline", PCRE2_MULTILINE},
    {"never_backslash_c", PCRE2_NEVER_BACKSLASH_C},
    {"never_ucp", PCRE2_NEVER_UCP},
    {"never_utf", PCRE2_NEVER_UTF},
    {"no_auto_capture", PCRE2_NO_AUTO_CAPTURE},
    {"no_auto_possess", PCRE2_NO_AUTO_POSSESS},
    {"no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR},
    {"no_start_optimize", PCRE2_NO_START_OPTIMIZE},
    {"ucp", PCRE2_UCP},
    {"ungreedy", PCRE2_UNGREEDY},
    {"use_offset_limit", PCRE2_USE_OFFSET_LIMIT},
    {"utf", PCRE2_UTF},
});

std::string message_of(int error) {
    std::array<PCRE2_UCHAR, 256> text{};
    ::pcre2_get_error_message(error, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct Regex::Compiled {
    Compiled(pcre2_code* compiled, bool is_utf)
        : code(compiled),
          data(::pcre2_match_data_create(1, nullptr)),
          context(::pcre2_match_context_create(nullptr)),
          utf(is_utf) {
        ::pcre2_set_match_limit(context, kMatchLimit);
        ::pcre2_set_heap_limit(context, kHeapLimitKib);
    }
    ~Compiled() {
        ::pcre2_match_context_free(context);
        ::pcre2_match_data_free(data);
        ::pcre2_code_free(code);
    }
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;

    pcre2_code* code;
    pcre2_match_data* data;
    pcre2_match_context* context;
    bool utf;
};

Regex::Regex(std::unique_ptr<Compiled> compiled) noexcept : compiled_(std::move(compiled)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

const std::vector<std::string_view>& Regex::option_names() {
    static const std::vector<std::string_view> kNames = [] {
        std::vector<std::string_view> names;
        for (const Option& option : kOptions) {
            names.push_back(option.name);
        }
        return names;
    }();
    return kNames;
}

Result<Regex> Regex::compile(std::string_view pattern, const std::vector<std::string>& options) {
    // max_offset needs it, and without one it does nothing.
    std::uint32_t bits = PCRE2_USE_OFFSET_LIMIT;
    for (const std::string& name : options) {
        bool known = false;
        for (const Option& option : kOptions) {
            if (option.name == name) {
                known = true;
                bits |= option.bits;
            }
        }
        if (!known) {
            return fail(Code::invalid_argument, "'{}' is no option of regular expressions", name);
        }
    }
    int error = 0;
    std::size_t offset = 0;
    pcre2_code* const code = ::pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()),
                                             pattern.size(),
                                             bits,
                                             &error,
                                             &offset,
                                             nullptr);
    if (code == nullptr) {
        return fail(Code::invalid_argument,
                    "not a regular expression: {} at character {}",
                    message_of(error),
                    offset + 1);
    }
    return Regex(std::make_unique<Compiled>(code, (bits & PCRE2_UTF) != 0));
}

Regex::Outcome Regex::search(std::string_view text,
                             std::size_t min_offset,
                             std::optional<std::size_t> max_offset) const {
    if (min_offset > text.size()) {
        return Outcome::absent;
    }
    ::pcre2_set_offset_limit(compiled_->context, max_offset.value_or(PCRE2_UNSET));
    const int found = ::pcre2_match(compiled_->code,
                                    reinterpret_cast<PCRE2_SPTR>(text.data()),
                                    text.size(),
                                    min_offset,
                                    0,
                                    compiled_->data,
                                    compiled_->context);
    if (found >= 0) {
        return Outcome::found;
    }
    // Text that is no UTF-8 has no match, whatever the pattern.
    const bool absent = found == PCRE2_ERROR_NOMATCH || compiled_->utf;
    const bool limit = found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_HEAPLIMIT;
    return absent && !limit ? Outcome::absent : Outcome::too_hard;
}

}  // namespace fpvs
