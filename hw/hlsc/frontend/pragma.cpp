// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/frontend/pragma.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace fpvs::hlsc {

namespace {

// What a pragma may carry.  '#' marks a key whose value is a number, '&' a variable.
struct Form {
    const char* kind;
    std::vector<const char*> keys;
    std::vector<const char*> flags;
    bool only_for_vitis;  // hlsc needs nothing from it.
};

const std::vector<Form>& forms() {
    static const std::vector<Form> kForms = {
        {"INTERFACE", {"&port", "register_mode"}, {"axis", "ap_ctrl_none", "register"}, false},
        {"DATAFLOW", {}, {"disable_start_propagation"}, false},
        {"STREAM", {"&variable", "#depth", "type"}, {}, false},
        {"PIPELINE", {"#ii", "style"}, {"off"}, false},
        {"INLINE", {}, {"off", "recursive"}, true},
        {"UNROLL", {"factor"}, {}, true},
        {"LOOP_TRIPCOUNT", {"min", "max", "avg"}, {}, true},
        {"AGGREGATE", {"&variable", "compact"}, {}, true},
        {"BIND_STORAGE", {"&variable", "type", "impl", "#latency"}, {}, false},
        {"DEPENDENCE",
         {"&variable", "type", "direction", "#distance", "dependent"},
         {"inter", "intra", "RAW", "WAR", "WAW", "true", "false"},
         false},
        {"RESET", {"&variable"}, {"off"}, false},
        {"ARRAY_PARTITION",
         {"&variable", "type", "#dim", "#factor"},
         {"complete", "block", "cyclic"},
         false},
    };
    return kForms;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return text;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

// Words of a pragma; "a = b" counts as one word, and brackets keep an expression together.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    int depth = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
        if (std::isspace(static_cast<unsigned char>(c)) == 0) {
            word += c;
            continue;
        }
        const std::size_t next = line.find_first_not_of(" \t", i);
        const bool glued = depth > 0 || (!word.empty() && word.back() == '=') ||
                           (next != std::string_view::npos && line[next] == '=');
        if (!glued && !word.empty()) {
            words.push_back(word);
            word.clear();
        }
    }
    if (!word.empty()) {
        words.push_back(word);
    }
    return words;
}

const Form* form_of(const std::string& kind) {
    for (const Form& form : forms()) {
        if (kind == form.kind) {
            return &form;
        }
    }
    return nullptr;
}

// The key as the table marks it ("&variable" for variable), or nullptr.
const char* marked_key(const Form& form, const std::string& key) {
    for (const char* candidate : form.keys) {
        const char* plain = *candidate == '&' || *candidate == '#' ? candidate + 1 : candidate;
        if (key == plain) {
            return candidate;
        }
    }
    return nullptr;
}

}  // namespace

std::optional<PragmaText> parse_pragma(std::string_view line,
                                       Position where,
                                       Diagnostics& diagnostics) {
    const std::vector<std::string> words = words_of(line);
    PragmaText pragma;
    if (words.empty()) {
        diagnostics.error(where, "an HLS pragma without a name");
        return std::nullopt;
    }
    pragma.kind = upper(words[0]);
    const Form* form = form_of(pragma.kind);
    if (form == nullptr) {
        diagnostics.error(where, "pragma HLS {} is not in hlsc's subset", pragma.kind);
        return std::nullopt;
    }
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::size_t equals = words[i].find('=');
        if (equals == std::string::npos) {
            const auto is_word = [&](const char* flag) { return words[i] == flag; };
            if (std::none_of(form->flags.begin(), form->flags.end(), is_word)) {
                diagnostics.error(where, "pragma HLS {} has no word '{}'", pragma.kind, words[i]);
                return std::nullopt;
            }
            pragma.flags.push_back(words[i]);
            continue;
        }
        const std::string key = lower(words[i].substr(0, equals));
        if (marked_key(*form, key) == nullptr) {
            diagnostics.error(where, "pragma HLS {} has no option '{}'", pragma.kind, key);
            return std::nullopt;
        }
        pragma.values[key] = words[i].substr(equals + 1);
    }
    const bool needs_variable = marked_key(*form, "variable") != nullptr;
    if (needs_variable && pragma.values.count("variable") == 0) {
        diagnostics.error(where, "pragma HLS {} does not say variable=", pragma.kind);
        return std::nullopt;
    }
    return pragma;
}

std::string call_for(const PragmaText& pragma) {
    const Form& form = *form_of(pragma.kind);
    if (form.only_for_vitis) {
        return "";
    }
    std::string text;
    std::string variable = "0";
    std::string numbers;
    for (const std::string& flag : pragma.flags) {
        text += flag + " ";
    }
    for (const auto& [key, value] : pragma.values) {
        const char mark = *marked_key(form, key);
        if (mark == '&') {
            if (value == "return") {
                text += key + "=return ";
            } else {
                variable = "(const void*)&(" + value + ")";
            }
        } else if (mark == '#') {
            text += key + "=# ";
            numbers += ", (long long)(" + value + ")";
        } else {
            text += key + "=" + value + " ";
        }
    }
    return std::string("::") + kPragmaFunction + "(\"" + pragma.kind + "\", \"" + text + "\", " +
           variable + numbers + ");";
}

std::string replace_pragmas(const std::string& preprocessed, Diagnostics& diagnostics) {
    std::string result = std::string("extern \"C\" void ") + kPragmaFunction +
                         "(const char*, const char*, const void*, ...);\n";
    std::istringstream lines(preprocessed);
    std::string line;
    Position where;
    while (std::getline(lines, line)) {
        int number = 0;
        char path[4096];
        if (std::sscanf(line.c_str(), "# %d \"%4095[^\"]\"", &number, path) == 2) {
            where = {diagnostics.file_index(path), number - 1, 1};
            result += line + "\n";
            continue;
        }
        ++where.line;
        std::size_t start = line.find_first_not_of(" \t");
        std::istringstream words(start == std::string::npos ? "" : line.substr(start));
        std::string pragma, hls;
        words >> pragma >> hls;
        if (pragma != "#pragma" || upper(hls) != "HLS") {
            result += line + "\n";
            continue;
        }
        const std::size_t rest = line.find(hls, line.find("pragma") + 6) + hls.size();
        const auto parsed = parse_pragma(std::string_view(line).substr(rest),
                                         {where.file, where.line, static_cast<int>(start) + 1},
                                         diagnostics);
        result += (parsed ? call_for(*parsed) : "") + "\n";
    }
    return result;
}

}  // namespace fpvs::hlsc
