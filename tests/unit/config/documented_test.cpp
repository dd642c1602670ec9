// SPDX-License-Identifier: Apache-2.0
// Every keyword of keepalived.conf(5) is acted on, passed over with a warning, or refused with a
// sentence; none is unknown, and docs/compatibility.md says which is which.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/parser.hpp"

namespace fpvs::config {
namespace {

using Keywords = std::map<std::string, std::vector<std::string>>;  // By block.

Keywords documented() {
    std::ifstream file("tests/data/config/documented.txt");
    Keywords keywords;
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(':');
        if (line.starts_with('#') || colon == std::string::npos) {
            continue;
        }
        std::istringstream words(line.substr(colon + 1));
        auto& list = keywords[line.substr(0, colon)];
        list.insert(list.end(),
                    std::istream_iterator<std::string>(words),
                    std::istream_iterator<std::string>());
    }
    return keywords;
}

// The keyword alone in its block: what follows from having no value is of no interest here.
std::string file_with(const std::string& block, const std::string& keyword) {
    const std::string line = keyword + "\n";
    const std::string server = "virtual_server 192.0.2.1 80 {\nreal_server 192.0.2.2 80 {\n";
    if (block == "top") {
        return line;
    }
    if (block == "virtual_server") {
        return "virtual_server 192.0.2.1 80 {\n" + line + "}\n";
    }
    if (block == "real_server") {
        return server + line + "}\n}\n";
    }
    if (block == "url") {
        return server + "HTTP_GET {\nurl {\n" + line + "}\n}\n}\n}\n";
    }
    if (block.ends_with("_CHECK") || block.ends_with("_GET")) {
        return server + block + " {\n" + line + "}\n}\n}\n";
    }
    if (block == "authentication") {
        return "vrrp_instance V {\nauthentication {\n" + line + "}\n}\n";
    }
    return block + " N {\n" + line + "}\n";
}

// "acted on", "warning", "refused", or what is wrong.
std::string answer(const std::string& block, const std::string& keyword) {
    const auto parsed = parse(file_with(block, keyword), "f", {.instance = "here"});
    if (!parsed) {
        const std::string text = parsed.error().text();
        if (text.find("unknown keyword '" + keyword + "'") != std::string::npos) {
            return "unknown";
        }
        return text.find("' is not supported yet and cannot be ignored") != std::string::npos
                   ? "refused"
                   : "acted on";
    }
    return std::any_of(parsed->warnings.begin(),
                       parsed->warnings.end(),
                       [&](const std::string& warning) {
                           return warning.find("'" + keyword + "' is ignored: ") !=
                                  std::string::npos;
                       })
               ? "warning"
               : "acted on";
}

TEST(Documented, NoKeywordIsUnknown) {
    const Keywords keywords = documented();
    ASSERT_FALSE(keywords.empty()) << "run in the repository's root";
    for (const auto& [block, list] : keywords) {
        for (const std::string& keyword : list) {
            EXPECT_NE(answer(block, keyword), "unknown") << block << " { " << keyword << " }";
        }
    }
}

std::string page() {
    std::ifstream file("docs/compatibility.md");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The words in backticks.
std::set<std::string> words_of(std::string_view text) {
    std::set<std::string> words;
    bool code = false;
    std::string word;
    for (const char c : text) {
        const bool part = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
        if (code && part) {
            word += c;
        } else if (!word.empty()) {
            words.insert(word);
            word.clear();
        }
        code = c == '`' ? !code : code;
    }
    return words;
}

TEST(Documented, ThePageNamesEveryKeyword) {
    const std::set<std::string> words = words_of(page());
    std::map<std::string, std::map<std::string, std::string>> missing;  // By answer, by block.
    for (const auto& [block, list] : documented()) {
        for (const std::string& keyword : list) {
            if (!words.contains(keyword)) {
                missing[answer(block, keyword)][block] += " " + keyword;
            }
        }
    }
    for (const auto& [what, blocks] : missing) {
        for (const auto& [block, list] : blocks) {
            ADD_FAILURE() << "docs/compatibility.md does not name (" << what << ", " << block
                          << "):" << list;
        }
    }
}

// What the page lists as passed over is passed over, and nothing else is.
TEST(Documented, ThePagesListOfWarningsIsRight) {
    constexpr std::string_view kHeading = "## keepalived.conf: global_defs passed over";
    const std::string text = page();
    const std::size_t begin = text.find(kHeading);
    ASSERT_NE(begin, std::string::npos);
    const std::size_t end = text.find("\n## ", begin);
    const std::set<std::string> words = words_of(text.substr(begin, end - begin));
    const Keywords keywords = documented();
    for (const std::string& keyword : keywords.at("global_defs")) {
        const bool of_vrrp = keyword.find("vrrp") != std::string::npos ||
                             keyword.find("vmac") != std::string::npos ||
                             keyword.find("vrid") != std::string::npos;
        if (of_vrrp) {
            continue;  // The page's part about VRRP has them.
        }
        EXPECT_EQ(words.contains(keyword), answer("global_defs", keyword) == "warning") << keyword;
    }
}

}  // namespace
}  // namespace fpvs::config
