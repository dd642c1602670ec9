// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/command_line.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>

#include "hw/hlsc/base/subprocess.hpp"

namespace fpvs::hlsc {

namespace {

// Beside the program when installed; in the source tree otherwise.
std::string find_headers() {
    for (const std::string& folder :
         {program_folder() + "/../include/hlsc", std::string(FPVS_HLSC_SOURCE_FOLDER "/include")}) {
        if (std::filesystem::exists(folder + "/ap_int.h")) {
            return folder;
        }
    }
    return "";
}

// Options with a value, by name; false if there is no such option or its value is no good.
bool set_option(Command& command, const std::string& name, const std::string& value) {
    Options& options = command.options;
    const std::map<std::string, std::string*> texts = {
        {"--top", &options.top},
        {"-o", &options.output_folder},
        {"--headers", &options.headers},
        {"--clang", &options.clang},
        {"--keep", &command.diff_options.keep_folder},
        {"--depfile", &options.depfile}};
    if (const auto text = texts.find(name); text != texts.end()) {
        *text->second = value;
        command.prove_options.keep_folder = command.diff_options.keep_folder;
        return true;
    }
    if (name == "-I") {
        options.includes.push_back(value);
    } else if (name == "-D") {
        options.defines.push_back(value);
    } else if (name == "--clock-ns") {
        options.clock_ns = std::atof(value.c_str());
        return options.clock_ns > 0.5 && options.clock_ns < 100.0;
    } else if (name == "--seed") {
        command.diff_options.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--iterations") {
        command.diff_options.iterations = std::strtoull(value.c_str(), nullptr, 10);
        return command.diff_options.iterations > 0;
    } else if (name == "--seconds") {
        command.prove_options.seconds = std::atoi(value.c_str());
        return command.prove_options.seconds > 0;
    } else if (name == "--plant") {
        options.plant = value == "ordering"   ? Plant::ordering
                        : value == "schedule" ? Plant::schedule
                                              : Plant::none;
        return options.plant != Plant::none;
    } else {
        return false;
    }
    return true;
}

}  // namespace

tl::expected<Command, std::string> parse_command_line(int argc, char** argv) {
    Command command;
    std::vector<std::string> words(argv + 1, argv + argc);
    if (!words.empty() && (words[0] == "diff" || words[0] == "prove")) {
        command.diff = words[0] == "diff";
        command.prove = words[0] == "prove";
        words.erase(words.begin());
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        const bool glued =
            word.size() > 2 && (word.rfind("-I", 0) == 0 || word.rfind("-D", 0) == 0);
        if (word == "--help" || word == "-h") {
            command.help = true;
        } else if (word == "--observe") {
            command.options.observe = true;
        } else if (word == "--reference") {
            command.options.reference = true;
        } else if (word == "--earliest") {
            command.options.minimise_registers = false;
        } else if (word == "--keep-ir") {
            command.options.keep_ir = true;
        } else if (glued) {
            set_option(command, word.substr(0, 2), word.substr(2));
        } else if (word[0] == '-') {
            if (i + 1 == words.size() || !set_option(command, word, words[i + 1])) {
                return tl::unexpected("option " + word + " is not known, or its value is not");
            }
            ++i;
        } else if (command.options.source.empty()) {
            command.options.source = word;
        } else {
            return tl::unexpected("more than one source: " + word);
        }
    }
    if (command.help) {
        return command;
    }
    if (command.options.source.empty() || command.options.top.empty()) {
        return tl::unexpected(std::string("a source and --top are needed"));
    }
    if (command.options.headers.empty()) {
        command.options.headers = find_headers();
    }
    if (command.options.headers.empty()) {
        return tl::unexpected(std::string("ap_int.h is not found; say --headers FOLDER"));
    }
    return command;
}

}  // namespace fpvs::hlsc
