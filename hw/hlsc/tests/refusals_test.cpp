// SPDX-License-Identifier: Apache-2.0
// What Vitis would refuse or get wrong, hlsc refuses with a sentence that names the line.
// A case is a kernel text; the line with the fault carries the mark /*HERE*/.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "hw/hlsc/base/subprocess.hpp"
#include "hw/hlsc/compile.hpp"

namespace fpvs::hlsc {
namespace {

struct Case {
    const char* name;
    const char* source;
    const char* sentence;  // A part of what hlsc says.
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

constexpr const char* kHead = R"(#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <fpvs_hls.hpp>
#include <hls_stream.h>
using fpvs::cat;
using fpvs::slice;
typedef ap_uint<64> Word;
)";

// A kernel of one process around the statements of a case.
#define ONE_PROCESS(statements)                                   \
    "void top(hls::stream<Word>& in, hls::stream<Word>& out) {\n" \
    "#pragma HLS INTERFACE ap_ctrl_none port=return\n"            \
    "#pragma HLS INTERFACE axis port=in register_mode=both\n"     \
    "#pragma HLS INTERFACE axis port=out register_mode=both\n"    \
    "#pragma HLS PIPELINE II=1 style=flp\n" statements "\n}\n"

#define PIPELINE "#pragma HLS PIPELINE II=1 style=flp\n#pragma HLS INLINE off\n"
#define COPY(name, in_type, out_type)                                                          \
    "void " name "(hls::stream<" in_type ">& in, hls::stream<" out_type ">& out) {\n" PIPELINE \
    "  FPVS_WAIT(in);\n  out.write(in.read());\n}\n"
#define DATAFLOW_TOP(body)                                        \
    "void top(hls::stream<Word>& in, hls::stream<Word>& out) {\n" \
    "#pragma HLS INTERFACE ap_ctrl_none port=return\n"            \
    "#pragma HLS INTERFACE axis port=in register_mode=both\n"     \
    "#pragma HLS INTERFACE axis port=out register_mode=both\n"    \
    "#pragma HLS DATAFLOW disable_start_propagation\n" body "\n}\n"

const Case kCases[] = {
    {"pipeline_frp",
     "void top(hls::stream<Word>& in, hls::stream<Word>& out) {\n"
     "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis port=in\n"
     "#pragma HLS INTERFACE axis port=out\n"
     "#pragma HLS PIPELINE II=1 style=frp  /*HERE*/\n  if (!in.empty()) out.write(in.read());\n}\n",
     "style=frp is dropped"},
    {"pipeline_without_style",
     "void top(hls::stream<Word>& in, hls::stream<Word>& out) {\n"
     "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis port=in\n"
     "#pragma HLS INTERFACE axis port=out\n"
     "#pragma HLS PIPELINE II=1  /*HERE*/\n  if (!in.empty()) out.write(in.read());\n}\n",
     "without style=flp"},
    {"pipeline_ii_100",
     "void top(hls::stream<Word>& in, hls::stream<Word>& out) {\n"
     "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis port=in\n"
     "#pragma HLS INTERFACE axis port=out\n"
     "#pragma HLS PIPELINE II=100 style=flp  /*HERE*/\n  if (!in.empty()) "
     "out.write(in.read());\n}\n",
     "not in 1..64"},
    {"no_pipeline",
     "void top(hls::stream<Word>& in, hls::stream<Word>& out) { /*HERE*/\n"
     "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis port=in\n"
     "#pragma HLS INTERFACE axis port=out\n  if (!in.empty()) out.write(in.read());\n}\n",
     "lacks '#pragma HLS PIPELINE"},
    {"no_ap_ctrl_none",
     "void top(hls::stream<Word>& in, hls::stream<Word>& out) { /*HERE*/\n"
     "#pragma HLS INTERFACE axis port=in\n#pragma HLS INTERFACE axis port=out\n"
     "#pragma HLS PIPELINE II=1 style=flp\n  if (!in.empty()) out.write(in.read());\n}\n",
     "ap_ctrl_none"},
    {"no_axis",
     "void top(hls::stream<Word>& in, hls::stream<Word>& out) { /*HERE*/\n"
     "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis port=in\n"
     "#pragma HLS PIPELINE II=1 style=flp\n  if (!in.empty()) out.write(in.read());\n}\n",
     "INTERFACE axis port=out"},
    {"read_twice",
     ONE_PROCESS(
         "  if (!in.empty()) { Word a = in.read(); Word b = in.read(); out.write(a + b); }"),
     "may be read twice"},
    {"written_twice",
     ONE_PROCESS(
         "  if (!in.empty()) { Word a = in.read(); out.write(a); if (a[0]) out.write(a); }"),
     "may be written twice"},
    {"full",
     ONE_PROCESS("  if (!in.empty() && !out.full()) out.write(in.read());  /*HERE*/"),
     "full()"},
    {"write_nb",
     ONE_PROCESS("  if (!in.empty()) out.write_nb(in.read());  /*HERE*/"),
     "write_nb()"},
    {"empty_by_the_writer",
     ONE_PROCESS("  if (!in.empty() && out.empty()) out.write(in.read());"),
     "by the process that writes it"},
    {"loop_without_a_bound",
     ONE_PROCESS("  Word w = in.read();\n  while (w[0] == 0) w = w >> 1;  /*HERE*/\n  "
                 "out.write(w);"),
     "bound is not a constant"},
    {"division",
     ONE_PROCESS("  Word w = in.read();\n  out.write(w / ap_uint<8>(w));  /*HERE*/"),
     "a division"},
    {"floating_point",
     ONE_PROCESS("  Word w = in.read();\n  float f = w.to_uint();  /*HERE*/\n  out.write((int)(f * "
                 "1.5f));"),
     "floats"},
    {"recursion",
     "static int sum(int n) { return n < 2 ? n : sum(n - 1) + sum(n - 2); }\n" ONE_PROCESS(
         "  Word w = in.read();\n  out.write(sum(w.to_int()));  /*HERE*/"),
     "no recursion"},
    {"library_call",
     "extern \"C\" int abs_of(int);\n" ONE_PROCESS(
         "  Word w = in.read();\n  out.write(abs_of(w.to_int()));  /*HERE*/"),
     "a call of abs_of"},
    {"reversed_range",
     ONE_PROCESS("  Word w = in.read();\n  Word r = 0;\n  r = w.range(3, 8);  /*HERE*/\n  "
                 "out.write(r);"),
     "hi below lo"},
    {"latency_4",
     ONE_PROCESS("  static ap_uint<8> t[64];\n#pragma HLS BIND_STORAGE variable=t type=ram_s2p "
                 "impl=uram latency=4 /*HERE*/\n  Word w = in.read(); out.write(t[slice<5, "
                 "0>(w)]); if (w[9]) t[0] = 1;"),
     "Vitis takes 1, 2 or 3"},
    {"true_dual_port",
     ONE_PROCESS("  static ap_uint<8> t[64];\n#pragma HLS BIND_STORAGE variable=t type=ram_t2p "
                 "impl=bram latency=2 /*HERE*/\n  Word w = in.read(); out.write(t[slice<5, "
                 "0>(w)]); if (w[9]) t[0] = 1;"),
     "ram_s2p"},
    {"uram_with_initialiser",
     ONE_PROCESS("  static ap_uint<8> t[64] = {1, 2};  /*HERE*/\n#pragma HLS BIND_STORAGE "
                 "variable=t type=ram_s2p impl=uram latency=2\n  Word w = in.read(); "
                 "out.write(t[slice<5, 0>(w)]); if (w[9]) t[0] = 1;"),
     "URAM starts at zero"},
    {"reset_of_a_memory",
     ONE_PROCESS("  static ap_uint<8> t[64];  /*HERE*/\n#pragma HLS RESET variable=t\n  Word w = "
                 "in.read(); out.write(t[slice<5, 0>(w)]); if (w[9]) t[0] = 1;"),
     "RESET on the memory"},
    {"changed_in_place_without_a_claim",
     ONE_PROCESS("  static ap_uint<8> t[64];  /*HERE*/\n  Word w = in.read(); ap_uint<8> c = "
                 "t[slice<5, 0>(w)]; t[slice<5, 0>(w)] = c + 1; out.write(c);"),
     "Vitis does not forward"},
    {"distance_too_short",
     ONE_PROCESS("  static ap_uint<8> t[64];  /*HERE*/\n#pragma HLS DEPENDENCE variable=t "
                 "type=inter direction=RAW distance=1 dependent=true\n  Word w = in.read(); "
                 "ap_uint<8> c = t[slice<5, 0>(w)]; t[slice<5, 0>(w)] = c + 1; out.write(c);"),
     "more than the declared 1"},
    {"dependence_without_its_flag",
     ONE_PROCESS("  static ap_uint<8> t[64];\n#pragma HLS DEPENDENCE variable=t type=inter "
                 "direction=RAW /*HERE*/\n  Word w = in.read(); out.write(t[slice<5, 0>(w)]); if "
                 "(w[9]) t[0] = 1;"),
     "DEPENDENCE without dependent"},
    {"loaded_twice",
     ONE_PROCESS("  static ap_uint<8> t[64];\n  Word w = in.read();\n  ap_uint<8> a = t[slice<5, "
                 "0>(w)]; ap_uint<8> b = t[slice<11, 6>(w)]; if (w[20]) t[0] = 1; out.write(a + "
                 "b);  /*HERE*/"),
     "one read port"},
    {"stored_twice",
     ONE_PROCESS("  static ap_uint<8> t[64];\n  Word w = in.read();\n  out.write(t[slice<5, "
                 "0>(w)]); t[slice<11, 6>(w)] = 1; t[slice<17, 12>(w)] = 2;  /*HERE*/"),
     "one write port"},
    {"stored_before_and_after_a_load",
     ONE_PROCESS("  static ap_uint<8> t[64];  /*HERE*/\n  Word w = in.read(); if (w[20]) "
                 "t[slice<11, 6>(w)] = 1; ap_uint<8> a = t[slice<5, 0>(w)]; if (w[21]) t[slice<17, "
                 "12>(w)] = 2; out.write(a);"),
     "before and after"},
    {"too_many_registers",
     ONE_PROCESS("  static ap_uint<8> t[128];  /*HERE*/\n#pragma HLS ARRAY_PARTITION variable=t "
                 "complete dim=0\n  Word w = in.read(); out.write(t[slice<6, 0>(w)]); if (w[9]) "
                 "t[slice<6, 0>(w)] = 1;"),
     "more belong in a memory"},
    {"state_that_does_not_close",
     ONE_PROCESS("  static ap_uint<64> s = 1;  /*HERE*/\n  if (!in.empty()) {\n  Word w = "
                 "in.read();\n  for (int i = 0; i < 8; ++i) s = ap_uint<64>((s ^ w) + (s >> 3));\n "
                 " out.write(s); }"),
     "does not close at II=1"},
    {"static_that_is_computed",
     "int start();\n" ONE_PROCESS("  static int s = start();\n  Word w = in.read(); s += 1; "
                                  "out.write(w + s);"),
     "not a constant"},
    {"unknown_pragma",
     ONE_PROCESS("#pragma HLS LATENCY max=3  /*HERE*/\n  out.write(in.read());"),
     "LATENCY is not in hlsc's subset"},
    {"mistyped_option",
     ONE_PROCESS("  static ap_uint<8> t[64];\n#pragma HLS BIND_STORAGE variable=t type=ram_s2p "
                 "implementation=bram  /*HERE*/\n  out.write(in.read());"),
     "no option 'implementation'"},
    {"port_with_odd_bits",
     "void top(hls::stream<ap_uint<13> >& in, hls::stream<Word>& out) {  /*HERE*/\n"
     "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis port=in\n"
     "#pragma HLS INTERFACE axis port=out\n#pragma HLS PIPELINE II=1 style=flp\n"
     "  out.write(in.read());\n}\n",
     "whole bytes"},
    {"struct_on_a_port",
     "struct Two { ap_uint<8> a, b; };\n"
     "void top(hls::stream<Two>& in, hls::stream<Word>& out) {  /*HERE*/\n"
     "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis port=in\n"
     "#pragma HLS INTERFACE axis port=out\n#pragma HLS PIPELINE II=1 style=flp\n"
     "  out.write(in.read().a);\n}\n",
     "would lose TLAST"},
    {"cxx17", "namespace a::b { }\n" ONE_PROCESS("  out.write(in.read());"), "C++14"},
    {"no_such_top", "void other() {}\n", "has no function top"},
    {"two_writers",
     COPY("one", "Word", "Word") COPY("two", "Word", "Word") COPY("three", "Word", "Word")
         DATAFLOW_TOP(
             "  static hls::stream<Word> a(\"a\");\n  static hls::stream<Word> b(\"b\");\n "
             " one(in, a); two(b, a); three(a, out);"),
     "two writers"},
    {"two_readers",
     COPY("one", "Word", "Word") COPY("two", "Word", "Word") COPY("three", "Word", "Word")
         DATAFLOW_TOP(
             "  static hls::stream<Word> a(\"a\");\n  static hls::stream<Word> b(\"b\");\n "
             " one(in, a); two(a, b); three(a, out);"),
     "two readers"},
    {"no_reader",
     COPY("one", "Word", "Word")
         DATAFLOW_TOP("  static hls::stream<Word> a(\"a\");  /*HERE*/\n  one(in, a);"),
     "no reader"},
    {"empty_on_a_port",
     COPY("one",
          "Word",
          "Word") "void poll(hls::stream<Word>& in, hls::stream<Word>& out) {\n" PIPELINE
                  "  if (!in.empty()) out.write(in.read());  /*HERE*/\n}\n" DATAFLOW_TOP(
                      "  static hls::stream<Word> a(\"a\");\n  poll(in, a); one(a, out);"),
     "blocking reads only"},
    {"axis_word_inside",
     "typedef ap_axiu<64, 0, 0, 0> Beat;\n" COPY("one", "Beat", "Beat") COPY(
         "two",
         "Beat",
         "Beat") "void top(hls::stream<Beat>& in, hls::stream<Beat>& out) {\n"
                 "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis "
                 "port=in\n"
                 "#pragma HLS INTERFACE axis port=out\n#pragma HLS DATAFLOW "
                 "disable_start_propagation\n"
                 "  static hls::stream<Beat> a(\"a\");  /*HERE*/\n  one(in, a); two(a, out);\n}\n",
     "ports only"},
    {"control_flow_in_the_body",
     COPY("one", "Word", "Word")
         DATAFLOW_TOP("  if (in.empty()) return;  /*HERE*/\n  one(in, out);"),
     "no control flow"},
    {"arithmetic_in_the_body",
     "void one(hls::stream<Word>& in, hls::stream<Word>& out, int n) {\n" PIPELINE
     "  FPVS_WAIT(in);\n  out.write(in.read() + n);\n}\n" DATAFLOW_TOP(
         "  one(in, out, 3);  /*HERE*/"),
     "neither a port nor a static stream"},
    {"called_twice",
     COPY("one", "Word", "Word") DATAFLOW_TOP(
         "  static hls::stream<Word> a(\"a\");\n  one(in, a);\n  one(a, out);  /*HERE*/"),
     "called twice"},
    {"shared_state",
     "static ap_uint<8> shared;  /*HERE*/\n"
     "void one(hls::stream<Word>& in, hls::stream<Word>& out) {\n" PIPELINE
     "  FPVS_WAIT(in);\n  shared += 1; out.write(in.read() + shared);\n}\n"
     "void two(hls::stream<Word>& in, hls::stream<Word>& out) {\n" PIPELINE
     "  FPVS_WAIT(in);\n  shared += 2; out.write(in.read() + shared);\n}\n" DATAFLOW_TOP(
         "  static hls::stream<Word> a(\"a\");\n  one(in, a); two(a, out);"),
     "shared by two processes"},
    {"dataflow_with_start_propagation",
     COPY("one", "Word", "Word") "void top(hls::stream<Word>& in, hls::stream<Word>& out) {\n"
                                 "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS "
                                 "INTERFACE axis port=in\n"
                                 "#pragma HLS INTERFACE axis port=out\n#pragma HLS DATAFLOW "
                                 "/*HERE*/\n  one(in, out);\n}\n",
     "disable_start_propagation"},
    {"depth_of_a_port",
     COPY("one", "Word", "Word")
         DATAFLOW_TOP("#pragma HLS STREAM variable=in depth=4 /*HERE*/\n  one(in, out);"),
     "no internal stream"},
    {"late_decision_to_read",
     "void join(hls::stream<Word>& in, hls::stream<Word>& other, hls::stream<Word>& out) "
     "{\n" PIPELINE
     "  if (in.empty()) return;\n  Word w = in.read();\n  Word h = w * 2654435761u + (w >> 7);\n"
     "  h = ap_uint<64>(h + (h << 5)) ^ ap_uint<64>(h * 40503);\n"
     "  if (h[13] && !other.empty()) w = other.read();\n  out.write(w);\n}\n" COPY(
         "one", "Word", "Word")
         COPY("two",
              "Word",
              "Word") "void top(hls::stream<Word>& in, hls::stream<Word>& in2, hls::stream<Word>& "
                      "out) {\n"
                      "#pragma HLS INTERFACE ap_ctrl_none port=return\n#pragma HLS INTERFACE axis "
                      "port=in\n"
                      "#pragma HLS INTERFACE axis port=in2\n#pragma HLS INTERFACE axis port=out\n"
                      "#pragma HLS DATAFLOW disable_start_propagation\n"
                      "  static hls::stream<Word> a(\"a\");\n  static hls::stream<Word> b(\"b\");\n"
                      "  one(in, a); two(in2, b); join(a, b, out);\n}\n",
     "must know within the first stage"},
};

class Refusal : public testing::TestWithParam<Case> {};

TEST_P(Refusal, says_why_and_where) {
    const std::string folder = make_temporary_folder();
    ASSERT_FALSE(folder.empty());
    Options options;
    options.source = folder + "/kernel.cpp";
    options.top = "top";
    options.headers = FPVS_HLSC_HEADERS;
    const std::string text = std::string(kHead) + GetParam().source;
    std::ofstream(options.source) << text;

    Program program;
    Diagnostics diagnostics;
    EXPECT_FALSE(build_program(options, program, diagnostics));
    EXPECT_NE(diagnostics.text().find(GetParam().sentence), std::string::npos)
        << diagnostics.text();
    const std::size_t mark = text.find("/*HERE*/");
    if (mark != std::string::npos) {
        const auto line =
            1 + std::count(text.begin(), text.begin() + static_cast<long>(mark), '\n');
        EXPECT_NE(diagnostics.text().find(fmt::format("kernel.cpp:{}:", line)), std::string::npos)
            << "line " << line << "\n"
            << diagnostics.text();
    }
    std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Hlsc, Refusal, testing::ValuesIn(kCases), [](const auto& info) {
    return std::string(info.param.name);
});

}  // namespace
}  // namespace fpvs::hlsc
