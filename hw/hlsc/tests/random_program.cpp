// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/tests/random_program.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <random>
#include <vector>

namespace fpvs::hlsc {

namespace {

constexpr int kWidthMax = 160;
constexpr int kExpressionDepth = 3;

// An expression and the width of its value, which always is an ap_uint.
struct Term {
    std::string text;
    int width = 1;
};

class Expressions {
  public:
    explicit Expressions(std::uint64_t seed) : random_(seed) {}

    int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
    bool chance(int percent) { return pick(100) < percent; }
    int any_of(std::initializer_list<int> choices) {
        return choices.begin()[pick(static_cast<int>(choices.size()))];
    }

    static std::string cast(const std::string& text, int width) {
        return fmt::format("ap_uint<{}>({})", width, text);
    }

    Term constant() {
        const int width = any_of({1, 4, 8, 13, 16, 33, 48});
        const std::uint64_t value = random_() & ((std::uint64_t{1} << width) - 1);
        return {fmt::format("ap_uint<{}>({}ull)", width, value), width};
    }
    Term leaf() {
        return scope.empty() || chance(15)
                   ? constant()
                   : scope[static_cast<std::size_t>(pick(static_cast<int>(scope.size())))];
    }

    Term expression(int depth) {
        if (depth == 0 || chance(12)) {
            return leaf();
        }
        Term a = expression(depth - 1);
        if (a.width > kWidthMax) {
            a = {fmt::format("slice<63, 0>({})", a.text), 64};
        }
        switch (pick(6)) {
            case 0:
                return arithmetic(a, depth);
            case 1:
                return bitwise(a, depth);
            case 2:
                return rearrangement(a, depth);
            case 3:
                return shift(a);
            case 4:
                return test(a, depth);
            default:
                return choice(a, depth);
        }
    }

    // Visible names; the caller restores the size at the end of a block.
    std::vector<Term> scope;

  private:
    Term arithmetic(const Term& a, int depth) {
        const Term b = expression(depth - 1);
        const int both = std::max(a.width, b.width);
        switch (pick(6)) {
            case 4: {  // Factors of any width, more than one DSP slice takes.
                const int wa = std::min(a.width, 8 + pick(50));
                const int wb = std::min(b.width, 8 + pick(50));
                return {
                    cast(fmt::format(
                             "slice<{}, 0>({}) * slice<{}, 0>({})", wa - 1, a.text, wb - 1, b.text),
                         wa + wb),
                    wa + wb};
            }
            case 5: {  // Of signed numbers, and divided by a power of two.
                const int wa = 2 + pick(40);
                const int wb = 2 + pick(24);
                return {cast(fmt::format("ap_int<{}>(ap_int<{}>({}) * ap_int<{}>({})) / {}",
                                         wa + wb,
                                         wa,
                                         a.text,
                                         wb,
                                         b.text,
                                         1 << pick(5)),
                             wa + wb),
                        wa + wb};
            }
            case 0:
                return {cast(a.text + " + " + b.text, both + 1), both + 1};
            case 1:
                return {cast(a.text + " - " + b.text, both), both};
            case 2: {
                const Term factor = leaf();
                const int small = std::min(factor.width, 6);
                const int wide = std::min(a.width, 20);
                return {cast(fmt::format("slice<{}, 0>({}) * slice<{}, 0>({})",
                                         wide - 1,
                                         a.text,
                                         small - 1,
                                         factor.text),
                             wide + small),
                        wide + small};
            }
            default:
                return {cast("-" + a.text, a.width), a.width};
        }
    }
    Term bitwise(const Term& a, int depth) {
        if (chance(20)) {
            return {cast("~" + a.text, a.width), a.width};
        }
        const Term b = expression(depth - 1);
        const int both = std::max(a.width, b.width);
        const char* sign[] = {"&", "|", "^"};
        return {cast(fmt::format("{} {} {}", a.text, sign[pick(3)], b.text), both), both};
    }
    Term rearrangement(const Term& a, int depth) {
        if (chance(50)) {
            const int high = pick(a.width);
            const int low = pick(high + 1);
            return {fmt::format("slice<{}, {}>({})", high, low, a.text), high - low + 1};
        }
        const Term b = expression(depth - 1);
        if (b.width > kWidthMax) {
            return a;
        }
        return {fmt::format("cat({}, {})", a.text, b.text), a.width + b.width};
    }
    Term shift(const Term& a) {
        const char* sign = chance(50) ? "<<" : ">>";
        if (chance(40)) {
            return {cast(fmt::format("{} {} {}", a.text, sign, pick(a.width + 2)), a.width),
                    a.width};
        }
        const Term b = leaf();
        const int bits = std::min(b.width, 1 + pick(7));
        const std::string amount = fmt::format("slice<{}, 0>({})", bits - 1, b.text);
        if (chance(30) && a.width > 1) {
            return {cast(fmt::format("ap_int<{}>({}) >> {}", a.width, a.text, amount), a.width),
                    a.width};
        }
        return {cast(fmt::format("{} {} {}", a.text, sign, amount), a.width), a.width};
    }
    Term test(const Term& a, int depth) {
        const char* sign[] = {"==", "!=", "<", ">", "<=", ">="};
        if (chance(25)) {
            const char* reduction[] = {"or_reduce", "and_reduce", "xor_reduce"};
            return {cast(fmt::format("{}.{}()", a.text, reduction[pick(3)]), 1), 1};
        }
        const Term b = expression(depth - 1);
        if (chance(25)) {
            const int width = 2 + pick(40);
            return {cast(fmt::format("ap_int<{0}>({1}) {2} ap_int<{0}>({3})",
                                     width,
                                     a.text,
                                     sign[pick(6)],
                                     b.text),
                         1),
                    1};
        }
        return {cast(fmt::format("{} {} {}", a.text, sign[pick(6)], b.text), 1), 1};
    }
    Term choice(const Term& a, int depth) {
        const Term b = expression(depth - 1);
        const Term c = expression(std::max(0, depth - 2));
        const int both = std::max(a.width, b.width);
        return {
            fmt::format(
                "({} > {} ? {} : {})", c.text, pick(100), cast(a.text, both), cast(b.text, both)),
            both};
    }

    std::mt19937_64 random_;
};

// One process that reads records and writes records.
class ProcessWriter {
  public:
    ProcessWriter(Expressions& random, int number) : random_(random), number_(number) {}

    std::string write(bool two_inputs) {
        line(
            "void work_{}(hls::stream<Record>& in, {}hls::stream<Record>& out, "
            "hls::stream<Record>& side) {{",
            number_,
            two_inputs ? "hls::stream<Record>& other, " : "");
        ii_ = random_.any_of({1, 1, 1, 2, 3});
        line("#pragma HLS PIPELINE II={} style=flp\n#pragma HLS INLINE off", ii_);
        declarations();
        line("  Record v;");
        if (two_inputs) {
            line(
                "  bool first = true;\n  if (!in.empty()) {{ v = in.read(); }}\n"
                "  else if (!other.empty()) {{ v = other.read(); first = false; }}\n"
                "  else {{ return; }}");
        } else {
            line("  if (in.empty()) {{ return; }}\n  v = in.read();");
        }
        body(two_inputs);
        line("}}");
        return text_;
    }

  private:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        text_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }

    void declarations() {
        line(
            "  static ap_uint<16> r0 = 5;\n#pragma HLS RESET variable=r0\n"
            "  static State state = {{3, 0, 1}};\n"
            "  static ap_uint<9> window[8];\n"
            "#pragma HLS ARRAY_PARTITION variable=window complete dim=0\n"
            "  static ap_uint<7> turn;\n"
            "  static ap_uint<33> table[32];\n"
            "#pragma HLS BIND_STORAGE variable=table type=ram_s2p impl=bram latency={}\n"
            "#pragma HLS DEPENDENCE variable=table type=inter direction=RAW dependent=false\n"
            "  static ap_uint<11> ways[2][16];\n"
            "#pragma HLS ARRAY_PARTITION variable=ways complete dim=1\n"
            "#pragma HLS BIND_STORAGE variable=ways type=ram_s2p impl=lutram latency=1\n"
            "  static ap_uint<24> counters[64];\n"
            "#pragma HLS BIND_STORAGE variable=counters type=ram_s2p impl=bram latency=2\n"
            "#pragma HLS DEPENDENCE variable=counters type=inter direction=RAW distance=8 "
            "dependent=true\n"
            "  static ap_uint<3> bank;",
            1 + random_.pick(3));
        line(
            "  static ap_uint<29> banked[4][16];\n"
            "#pragma HLS ARRAY_PARTITION variable=banked complete dim=1\n"
            "#pragma HLS BIND_STORAGE variable=banked type=ram_s2p impl=uram latency={}\n"
            "#pragma HLS DEPENDENCE variable=banked type=inter direction=RAW dependent=false\n"
            "  static ap_int<21> balance = -7;\n#pragma HLS RESET variable=balance\n"
            "  static ap_int<17> levels[16];\n"
            "#pragma HLS BIND_STORAGE variable=levels type=ram_s2p impl=bram latency=2\n"
            "#pragma HLS DEPENDENCE variable=levels type=inter direction=RAW dependent=false",
            1 + random_.pick(3));
        if (ii_ > 1) {
            line(
                "  static ap_uint<24> tally[16];\n"
                "#pragma HLS BIND_STORAGE variable=tally type=ram_s2p impl=bram latency=1\n"
                "  static ap_uint<40> shared[16];\n"
                "#pragma HLS BIND_STORAGE variable=shared type=ram_s2p impl=lutram latency=1\n"
                "  static ap_uint<64> mixed = 3;");
        }
    }

    void declare(const Term& value) {
        const std::string name = fmt::format("x{}", names_++);
        line("  ap_uint<{}> {} = {};", value.width, name, value.text);
        random_.scope.push_back({name, value.width});
    }

    // State changes depend on the record only, so that they close within one clock.
    void registers() {
        const char* update[] = {
            "r0 + v.c", "r0 ^ v.a", "v.d == 1 ? ap_uint<16>(0) : ap_uint<16>(r0 + 1)"};
        line("  r0 = ap_uint<16>({});", update[random_.pick(3)]);
        random_.scope.push_back({"r0", 16});
        line(
            "  if (v.c > {}) {{ state.count = state.count + 1; state.low = ap_uint<5>(v.b); }}\n"
            "  else if (state.flag == 1) {{ state.low ^= ap_uint<5>(v.c); }}\n"
            "  state.flag = ap_uint<1>(state.flag ^ v.d);",
            random_.pick(256));
        random_.scope.push_back({"state.count", 12});
        random_.scope.push_back({"state.low", 5});
    }
    void small_array() {
        line(
            "  ap_uint<9> old_window = window[slice<2, 0>(v.c)];\n"
            "  window[slice<5, 3>(v.c)] = ap_uint<9>(v.b);\n  window[{}] = window[{}];",
            random_.pick(8),
            random_.pick(8));
        random_.scope.push_back({"old_window", 9});
    }
    void table() {
        const Term address = random_.expression(1);
        const Term data = random_.expression(2);
        const Term other = random_.expression(1);
        const std::string store =
            fmt::format("  if (v.d == 1) {{ table[ap_uint<5>({})] = ap_uint<33>({}); }}",
                        address.text,
                        data.text);
        const std::string load =
            fmt::format("  ap_uint<33> loaded = table[ap_uint<5>({})];", other.text);
        const bool store_first = random_.chance(40);
        line("{}\n{}", store_first ? store : load, store_first ? load : store);
        random_.scope.push_back({"loaded", 33});
    }
    void ways() {
        line(
            "  ap_uint<11> way_sum = 0;\n  if (v.d == 1) {{\n"
            "    ways[slice<7, 7>(v.c)][slice<3, 0>(v.c)] = ap_uint<11>(v.a);\n  }} else {{\n"
            "    for (int w = 0; w < 2; ++w) {{\n#pragma HLS UNROLL\n"
            "      way_sum ^= ways[w][slice<3, 0>(v.c)];\n    }}\n  }}");
        random_.scope.push_back({"way_sum", 11});
    }
    void counter() {
        line(
            "  ap_uint<6> slot = cat(bank, slice<2, 0>(v.c));\n  bank = ap_uint<3>(bank + 1);\n"
            "  ap_uint<24> counted = ap_uint<24>(counters[slot] + {});\n"
            "  counters[slot] = counted;",
            random_.chance(50) ? "ap_uint<24>(v.b)" : "1");
        random_.scope.push_back({"counted", 24});
    }
    void banks() {
        const std::string load =
            "  ap_uint<29> banked_word = banked[slice<1, 0>(v.c)][slice<3, 0>(v.b)];";
        const std::string store =
            "  if (v.d == 1) { banked[slice<3, 2>(v.c)][slice<7, 4>(v.b)] = ap_uint<29>(v.a); }";
        const bool store_first = random_.chance(40);
        line("{}\n{}", store_first ? store : load, store_first ? load : store);
        random_.scope.push_back({"banked_word", 29});
    }
    void signed_state() {
        line(
            "  balance = balance < ap_int<10>(v.a) ? ap_int<21>({}) : ap_int<21>(balance + "
            "ap_int<12>(v.b));\n"
            "  ap_int<17> level = levels[slice<7, 4>(v.c)];\n"
            "  if (v.c[0]) {{ levels[slice<3, 0>(v.c)] = ap_int<17>(v.a); }}",
            random_.chance(50) ? "-balance" : "ap_int<9>(v.c) >> 2");
        random_.scope.push_back({"ap_uint<21>(balance)", 21});
        random_.scope.push_back({"ap_uint<30>(level)", 30});
    }
    // What II > 1 makes possible: no claim for a word that is changed, several accesses through
    // one port, a recurrence of two clocks.
    void interval() {
        line(
            "  ap_uint<24> tallied = ap_uint<24>(tally[slice<3, 0>(v.c)] + v.b);\n"
            "  tally[slice<3, 0>(v.c)] = tallied;\n"
            "  mixed = ap_uint<64>(mixed + v.a); mixed = ap_uint<64>((mixed << 7) + (mixed ^ "
            "v.b));\n"
            "  mixed = ap_uint<64>(mixed + (mixed >> 11));");
        random_.scope.push_back({"tallied", 24});
        random_.scope.push_back({"mixed", 64});
        const std::string load = "shared[slice<3, 0>(v.a)]";
        const std::string other_load = "shared[slice<7, 4>(v.a)]";
        const std::string store =
            "  if (v.d == 1) { shared[slice<11, 8>(v.a)] = ap_uint<40>(v.a >> 3); }\n";
        switch (random_.pick(3)) {
            case 0:
                line("  ap_uint<40> part = {};\n  {} = ap_uint<40>(v.b);\n{}",
                     load,
                     other_load,
                     store);
                break;
            case 1:
                line("  ap_uint<40> part = {};\n  part = ap_uint<40>(part + {});\n{}",
                     load,
                     other_load,
                     store);
                break;
            default:
                line("{}  ap_uint<40> part = v.c[2] ? {} : {};", store, load, other_load);
                break;
        }
        random_.scope.push_back({"part", 40});
    }
    void loop() {
        line(
            "  ap_uint<12> sum = 0;\n  for (int i = 0; i < {}; ++i) {{\n#pragma HLS UNROLL\n"
            "    sum = ap_uint<12>(sum + v.a.range(8 * i + 7, 8 * i));\n"
            "    if (sum[{}]) {{ break; }}\n  }}\n  turn = ap_uint<7>(turn + 1);",
            2 + random_.pick(6),
            random_.pick(12));
        random_.scope.push_back({"sum", 12});
    }

    void assign(const char* indent) {
        const char* target[] = {"o.a", "o.b", "o.c"};
        const int width[] = {64, 37, 8};
        const int which = random_.pick(3);
        const Term value = random_.expression(kExpressionDepth);
        if (random_.chance(25)) {
            const int high = random_.pick(width[which]);
            const int low = random_.pick(high + 1);
            line("{}{}.range({}, {}) = {};", indent, target[which], high, low, value.text);
        } else if (random_.chance(15)) {
            line("{}{}[{}] = bool({}[0]);",
                 indent,
                 target[which],
                 random_.pick(width[which]),
                 Expressions::cast(value.text, value.width));
        } else {
            line("{}{} = {};", indent, target[which], value.text);
        }
    }
    void branch() {
        const Term a = random_.expression(2);
        const std::size_t visible = random_.scope.size();
        if (random_.chance(25)) {
            line("  switch (slice<1, 0>(v.c).to_uint()) {{\n  case 0:");
            assign("    ");
            line("    break;\n  case 3:");
            assign("    ");
            line("    // Falls through.\n  default:");
            assign("    ");
            line("    break;\n  }}");
            return;
        }
        line("  if ({} > {}) {{", a.text, random_.pick(200));
        declare(random_.expression(2));
        assign("    ");
        if (random_.chance(40)) {
            line("    if (v.c < {}) {{", random_.pick(256));
            assign("      ");
            line("    }}");
        }
        random_.scope.resize(visible);
        if (random_.chance(60)) {
            line("  }} else {{");
            assign("    ");
        }
        line("  }}");
    }

    void body(bool two_inputs) {
        random_.scope = {{"v.a", 64}, {"v.b", 37}, {"v.c", 8}, {"v.d", 1}};
        line("  Record o;\n  o.a = v.a; o.b = v.b; o.c = v.c; o.d = v.d;");
        std::vector<int> features = {0, 1, 2, 3, 4, 5, 6, 7};
        if (ii_ > 1) {
            features.push_back(8);
        }
        for (std::size_t i = features.size(); i > 1; --i) {
            std::swap(features[i - 1],
                      features[static_cast<std::size_t>(random_.pick(static_cast<int>(i)))]);
        }
        for (const int feature : features) {
            if (random_.chance(60)) {
                add(feature);
            }
            declare(random_.expression(kExpressionDepth));
            if (random_.chance(60)) {
                branch();
            }
            assign("  ");
        }
        if (two_inputs) {
            line("  if (!first && v.c > {}) {{ side.write(o); }}\n  else {{ out.write(o); }}",
                 random_.pick(256));
        } else if (random_.chance(50)) {
            line("  if (v.c[1]) {{ side.write(o); return; }}\n  out.write(o);");
        } else {
            line("  out.write(o);\n  if (o.a[0]) {{ side.write(v); }}");
        }
    }
    void add(int feature) {
        switch (feature) {
            case 0:
                return registers();
            case 1:
                return small_array();
            case 2:
                return table();
            case 3:
                return ways();
            case 4:
                return counter();
            case 6:
                return banks();
            case 7:
                return signed_state();
            case 8:
                return interval();
            default:
                return loop();
        }
    }

    Expressions& random_;
    const int number_;
    int ii_ = 1;
    int names_ = 0;
    std::string text_;
};

constexpr const char* kHead = R"(// A random kernel of hlsc's differential test, seed {}.
#include <ap_int.h>
#include <hls_stream.h>
#include <fpvs_hls.hpp>
using fpvs::cat;
using fpvs::slice;
struct Record {{ ap_uint<64> a; ap_uint<37> b; ap_uint<8> c; ap_uint<1> d; }};
struct State {{ ap_uint<12> count; ap_uint<5> low; ap_uint<1> flag; }};

template <int N> void reader(hls::stream<ap_uint<112>>& port, hls::stream<Record>& out) {{
#pragma HLS PIPELINE II=1 style=flp
#pragma HLS INLINE off
  FPVS_WAIT(port);
  const ap_uint<112> w = port.read();
  Record v;
  v.a = slice<63, 0>(w); v.b = slice<100, 64>(w);
  v.c = slice<108, 101>(w); v.d = slice<109, 109>(w);
  out.write(v);
}}
template <int N> void writer(hls::stream<Record>& in, hls::stream<ap_uint<112>>& port) {{
#pragma HLS PIPELINE II=1 style=flp
#pragma HLS INLINE off
  FPVS_WAIT(in);
  const Record v = in.read();
  port.write(cat(ap_uint<2>(1), v.d, v.c, v.b, v.a));
}}
)";

constexpr const char* kTop = R"(
void random_kernel(hls::stream<ap_uint<112>>& in0, hls::stream<ap_uint<112>>& in1,
                   hls::stream<ap_uint<112>>& out0, hls::stream<ap_uint<112>>& out1,
                   hls::stream<ap_uint<112>>& out2) {
#pragma HLS INTERFACE ap_ctrl_none port=return
#pragma HLS INTERFACE axis port=in0 register_mode=both
#pragma HLS INTERFACE axis port=in1 register_mode=both
#pragma HLS INTERFACE axis port=out0 register_mode=both
#pragma HLS INTERFACE axis port=out1 register_mode=both
#pragma HLS INTERFACE axis port=out2 register_mode=both
#pragma HLS DATAFLOW disable_start_propagation
  static hls::stream<Record> a("a");
#pragma HLS STREAM variable=a depth=4
  static hls::stream<Record> b("b");
  static hls::stream<Record> c("c");
#pragma HLS STREAM variable=c depth=16
  static hls::stream<Record> d("d");
  static hls::stream<Record> e("e");
  static hls::stream<Record> f("f");
  reader<0>(in0, a);
  reader<1>(in1, b);
  work_0(a, b, c, d);
  work_1(c, e, f);
  writer<0>(e, out0);
  writer<1>(f, out1);
  writer<2>(d, out2);
}
)";

}  // namespace

std::string random_program(std::uint64_t seed) {
    Expressions random(seed);
    return fmt::format(kHead, seed) + "\n" + ProcessWriter(random, 0).write(true) + "\n" +
           ProcessWriter(random, 1).write(false) + kTop;
}

}  // namespace fpvs::hlsc
