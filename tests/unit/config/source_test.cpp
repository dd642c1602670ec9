// SPDX-License-Identifier: Apache-2.0
// What keepalived 2.2.7 makes of includes, conditions, definitions and repetitions: each
// expectation that is not of an error of ours is what it was seen to do.
#include "host/config/source.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "host/config/files.hpp"

namespace fpvs::config {
namespace {

// Files in memory, all in folders below /.
class TestFiles final : public Files {
  public:
    explicit TestFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}

    Result<std::string> read(const std::string& path) const override {
        const auto found = files_.find(path);
        if (found == files_.end() || found->second == "secret") {
            return fail({.code = Code::unavailable, .message = "cannot be read", .where = path});
        }
        return found->second;
    }
    // `*` at the end is the only wildcard.
    std::vector<std::string> match(const std::string& pattern) const override {
        std::vector<std::string> paths;
        const bool any = pattern.ends_with('*');
        for (const auto& [path, text] : files_) {
            if (any ? path.starts_with(pattern.substr(0, pattern.size() - 1)) : path == pattern) {
                paths.push_back(path);
            }
        }
        return paths;
    }
    std::string folder(const std::string& path) const override {
        return path.substr(0, path.rfind('/'));
    }

  private:
    std::map<std::string, std::string> files_;
};

struct Read {
    std::string text;  // The lines, blanks around them removed, with '|' between.
    std::string errors;
    std::vector<std::string> warnings;
};

Read read(const std::map<std::string, std::string>& files, std::size_t bytes_max = 1u << 20) {
    const TestFiles store(files);
    const auto names = std::make_shared<FileNames>();
    Diagnostics diagnostics(names);
    LineSource source(
        {.instance = "main", .files = &store, .expanded_bytes_max = bytes_max}, names, diagnostics);
    source.open(std::make_shared<const std::string>(files.at("/etc/f")), "/etc/f");
    Read result;
    while (const auto line = source.next()) {
        std::string_view text = line->text;
        const std::size_t first = text.find_first_not_of(" \t");
        if (first != std::string_view::npos) {
            text = text.substr(first, text.find_last_not_of(" \t") + 1 - first);
            result.text += (result.text.empty() ? "" : "|") + std::string(text);
        }
    }
    result.errors = diagnostics.failed() ? diagnostics.to_error().text() : "";
    result.warnings = diagnostics.warnings();
    return result;
}

std::string lines(const std::string& text) {
    const Read result = read({{"/etc/f", text}});
    EXPECT_EQ(result.errors, "");
    return result.text;
}

std::string errors(const std::map<std::string, std::string>& files) {
    return read(files).errors;
}

TEST(Source, PlainLinesArePassedOn) {
    EXPECT_EQ(lines("a b\n\n  c # d\n"), "a b|c # d");
    EXPECT_EQ(lines("\xef\xbb\xbf"
                    "a"),
              "a");
}

TEST(Source, ConditionsAreForThisInstance) {
    EXPECT_EQ(lines("@main a b\n@other c\n@^main d\n@^other e\n"), "a b|e");
    EXPECT_EQ(lines("@main\n@other\nx"), "x");
    EXPECT_EQ(lines("@main @^other a\n@main @other b\n"), "a");
    EXPECT_EQ(lines("@main $P=240\n@other $P=200\npriority $P\n"), "priority 240");
    EXPECT_EQ(lines("$IF=@main\n$IF a\n$IF=@other\n$IF b\n"), "a");
    EXPECT_EQ(lines("a @main b"), "a @main b");
}

TEST(Source, DefinitionsArePutInWhereTheyAreUsed) {
    EXPECT_EQ(lines("$X=10\na$X\na$X,b\n(c $X)\n${X}d\n"), "a10|a10,b|(c 10)|10d");
    EXPECT_EQ(lines("$B=10.2.${S}\n$S=0\n${B}.1/32\n$S=10\n${B}.1/32\n"),
              "10.2.0.1/32|10.2.10.1/32");
    EXPECT_EQ(lines("$E=\na${E}b\n$E x\n"), "ab|x");
    EXPECT_EQ(lines("$X=a b # comment\n$X c\n"), "a b c");
    EXPECT_EQ(lines("$X=5\n\"${X}\" '$X'\n"), "\"5\" '$X'");
    EXPECT_EQ(lines("${_INSTANCE} ${_PWD} ${_HASH}${_BANG} ${_RANDOM 5 5}"), "main /etc #! 5");
}

TEST(Source, WhatIsNotDefinedStays) {
    EXPECT_EQ(lines("$5 pa$$ 5$ $1=5"), "$5 pa$$ 5$ $1=5");
    const Read result = read({{"/etc/f", "a $U b\n'${HOME}'\n"}});
    EXPECT_EQ(result.text, "a $U b|'${HOME}'");
    EXPECT_EQ(result.warnings,
              (std::vector<std::string>{
                  "/etc/f:1:1: $U is not defined and stays as it is written",
                  "/etc/f:2:1: ${HOME} is not defined and stays as it is written"}));
    EXPECT_EQ(errors({{"/etc/f", "a ${U} b"}}), "/etc/f:1:1: ${U} is not defined");
}

TEST(Source, DefinitionsOfSeveralLines) {
    EXPECT_EQ(lines("$M= \\\n a \\\n b ${N} \\\n c\n$N=1\n$M\n$N=2\n$M\nd\n"), "a|b 1|c|a|b 2|c|d");
    EXPECT_EQ(lines("$M=x \\\n y\n$M\n"), "x|y");
    // Lines of nothing but the mark, or a comment; an empty line ends the definition.
    EXPECT_EQ(lines("$M= \\\n a \\\n \\\n # note \\\n b\n$M\n"), "a|b");
    EXPECT_EQ(lines("$M= \\\n a \\\n\n b\n$M\n"), "b|a");
    // At the end of a line only.
    EXPECT_EQ(lines("$M= \\\n a \\\n b\npre $M\n$M post\n"), "pre a|b|$M post");
    EXPECT_EQ(lines("$R= \\\n r${V}.${N} \\\n w\n$S= \\\n s${V} { \\\n $N=1 \\\n $R \\\n $N=2 \\\n"
                    " $R \\\n }\n$V=7\n$S\n"),
              "s7 {|r7.1|w|r7.2|w|}");
    // The first line is a definition itself.
    EXPECT_EQ(lines("$R= \\\n r${N} \\\n w\n$S= \\\n $N=1 \\\n $R \\\n $N=2 \\\n $R\n$S\n"),
              "r1|w|r2|w");
}

TEST(Source, Sequences) {
    EXPECT_EQ(lines("~SEQ(I,0,3) a${I}"), "a0|a1|a2|a3");
    EXPECT_EQ(lines("~SEQ (A, 1 , 2 ) s${A}"), "s1|s2");
    EXPECT_EQ(lines("~SEQ(D, 3, -1, 1) d${D}"), "d3|d2|d1");
    EXPECT_EQ(lines("~SEQ(N, -2) n${N}\n~SEQ(A,0) z${A}\n"), "n-1|n-2|z1|z0");
    EXPECT_EQ(lines("~SEQ(A,1,5,2) s${A}"), "s1");
    EXPECT_EQ(lines("~SEQx(H, 0x0e, 0x11) h${H}"), "he|hf|h10|h11");
    EXPECT_EQ(lines("$F=2\n$T=3\n~SEQ(I,$F,$T) a${I}"), "a2|a3");
    EXPECT_EQ(lines("~SEQ(A,1,2) ~SEQ(B,1,2) ${A}.${B}"), "1.1|1.2|2.1|2.2");
    EXPECT_EQ(lines("~SEQ(A,1,2) a\nlast $A\n"), "a|a|last 2");
    // In the middle of a line it is text.
    EXPECT_EQ(lines("a ~SEQ(A,1,2) b\n~FOO x"), "a ~SEQ(A,1,2) b|~FOO x");
}

TEST(Source, Lists) {
    EXPECT_EQ(lines("~LST(IP, 1, 2) ~LST(IP1, 5,6) a.${IP}.${IP1}"), "a.1.5|a.1.6|a.2.5|a.2.6");
    EXPECT_EQ(lines("~LST({P,Q}, {1,2},{3,4}) p${P}q${Q}"), "p1q2|p3q4");
    EXPECT_EQ(lines("~LST({A},{1},{2}) o${A}"), "o1|o2");
    EXPECT_EQ(lines("~LST({IP, I1}, {10,1},{20,4}) ~SEQ(I2,168,2,170) 192.${I2}.${IP}.${I1}"),
              "192.168.10.1|192.170.10.1|192.168.20.4|192.170.20.4");
}

TEST(Source, RepeatedDefinitions) {
    EXPECT_EQ(lines("$M= \\\n v${N} { \\\n }\n~SEQ(N,1,2) $M\nend\n"), "v1 {|}|v2 {|}|end");
    EXPECT_EQ(lines("$M= \\\n ~SEQ(K,1,2) k${K} \\\n l\n$M\n"), "k1|k2|l");
}

TEST(Source, IncludesAreReadInTheirPlace) {
    EXPECT_EQ(read({{"/etc/f", "a\ninclude sub/one\nb ${_PWD}\n"},
                    {"/etc/sub/one", "one ${_PWD}\ninclude two\n$V=yes"},
                    {"/etc/sub/two", "two\n"}})
                  .text,
              "a|one /etc/sub|two|b /etc");
    EXPECT_EQ(
        read({{"/etc/f", "include d/*\n$V\n"}, {"/etc/d/1", "x\n$V=1"}, {"/etc/d/2", "y"}}).text,
        "x|y|1");
    EXPECT_EQ(read({{"/etc/f", "include /d/{b,a}1\n"}, {"/d/a1", "a"}, {"/d/b1", "b"}}).text,
              "b|a");
    EXPECT_EQ(
        read({{"/etc/f", "@main include a\n@other include a\n$I=include\n$I a\n"}, {"/etc/a", "x"}})
            .text,
        "x|x");
}

TEST(Source, MistakesInIncludedFilesAreToldWithTheirPlace) {
    EXPECT_EQ(errors({{"/etc/f", "a\ninclude one\n"}, {"/etc/one", "b\n ${U}\n"}}),
              "/etc/one:2:2: ${U} is not defined");
}

TEST(Source, WhatAnIncludeFinds) {
    const auto with = [](const std::string& line) {
        return read({{"/etc/f", line + "\n"}, {"/etc/hidden", "secret"}, {"/etc/one", "1"}});
    };
    EXPECT_EQ(
        with("include none").warnings,
        std::vector<std::string>{"/etc/f:1:1: no file is found for 'none'; it is passed over"});
    EXPECT_TRUE(with("include none*").warnings.empty());
    EXPECT_EQ(with("include hidden").warnings.size(), 1U);
    EXPECT_EQ(with("includer hidden").errors, "/etc/f:1:1: /etc/hidden: cannot be read");
    EXPECT_EQ(with("includer none").errors, "");
    EXPECT_EQ(with("includem none").errors, "/etc/f:1:1: no file is found for 'none'");
    EXPECT_EQ(with("includem none*").errors, "");
    EXPECT_EQ(with("includew none*").errors, "/etc/f:1:1: no file is found for 'none*'");
    EXPECT_EQ(with("includeb {one,none}").errors, "/etc/f:1:1: no file is found for 'none'");
    EXPECT_EQ(with("include {one,none}").errors, "");
    EXPECT_EQ(with("includea none*").errors, "/etc/f:1:1: no file is found for 'none*'");
}

TEST(Source, EverythingIsBounded) {
    EXPECT_EQ(errors({{"/etc/f", "include f\n"}}), "/etc/f:1:1: '/etc/f' includes itself");
    EXPECT_EQ(errors({{"/etc/f", "include g\n"}, {"/etc/g", "include f"}}),
              "/etc/g:1:1: '/etc/f' includes itself");
    std::map<std::string, std::string> chain{{"/etc/f", "include 0"}};
    for (int i = 0; i < 30; ++i) {
        chain["/etc/" + std::to_string(i)] = "include " + std::to_string(i + 1);
    }
    EXPECT_EQ(errors(chain), "/etc/15:1:1: files include each other deeper than 16 levels");
    EXPECT_EQ(errors({{"/etc/f", "$A= \\\n $A \\\n b\n$A\n"}}),
              "/etc/f:4:1: definitions, repetitions and included files are nested deeper than 64 "
              "levels");
    EXPECT_NE(errors({{"/etc/f", "~SEQ(A,1,1000000) ~SEQ(B,1,1000000) x\n"}}), "");
}

TEST(Braces, AreExpandedLikeCsh) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(expand_braces("a", 9), (Texts{"a"}));
    EXPECT_EQ(expand_braces("{foo/{,cat,dog},bar}", 9),
              (Texts{"foo/", "foo/cat", "foo/dog", "bar"}));
    EXPECT_EQ(expand_braces("a{b", 9), (Texts{"a{b"}));
    EXPECT_EQ(expand_braces("{a,b}{a,b}{a,b}{a,b}", 9).size() <= 9, true);
}

}  // namespace
}  // namespace fpvs::config
