// SPDX-License-Identifier: Apache-2.0
// Lock-step co-simulation: a Verilated top (hlsc --observe) beside its native model.
//
// Each cycle the RTL tells which process issued an iteration and which inputs it found readable;
// the native process is then called once with empty() answering the same.  So even kernels that
// poll run word for word alike, whatever the timing, and outputs compare in order.  What this
// compares is hlsc's RTL with the source's native meaning, never the RTL that Vitis would make.
#pragma once

#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>
#include <verilated.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <type_traits>

namespace fpvs::cosim {

// A Verilated port of up to 64 bits, or of words of 32 bits.
template <class Port, int W>
void put(Port& port, const ap_uint<W>& value) {
    if constexpr (std::is_integral_v<Port>) {
        port = static_cast<Port>(value.to_uint64());
    } else {
        for (int word = 0; word * 32 < W; ++word) {
            port[static_cast<std::size_t>(word)] = static_cast<std::uint32_t>(
                static_cast<unsigned _BitInt(W)>(value.V >> (word * 32)));
        }
    }
}
template <class Port, int W>
void get(const Port& port, ap_uint<W>& value) {
    if constexpr (std::is_integral_v<Port>) {
        value = static_cast<unsigned long long>(port);
    } else {
        value = 0;
        for (int word = 0; word * 32 < W; ++word) {
            value.V |= static_cast<unsigned _BitInt(W)>(
                static_cast<unsigned _BitInt(W)>(port[static_cast<std::size_t>(word)])
                << (word * 32));
        }
    }
}
template <class Port>
bool bit_of(const Port& port, int index) {
    if constexpr (std::is_integral_v<Port>) {
        return ((port >> index) & 1) != 0;
    } else {
        return ((port[static_cast<std::size_t>(index / 32)] >> (index % 32)) & 1) != 0;
    }
}

// What the processes of the RTL did in the present cycle.
template <class Rtl>
struct Seen {
    const Rtl& rtl;
    [[nodiscard]] bool issued(int process) const { return bit_of(rtl.observe_issue, process); }
    [[nodiscard]] bool readable(int read) const { return bit_of(rtl.observe_valid, read); }
};

template <int W>
bool same(const ap_uint<W>& a, const ap_uint<W>& b) {
    return a == b;
}
inline bool same(const hls::axis_disabled_signal&, const hls::axis_disabled_signal&) {
    return true;
}
template <class T, int U, int I, int D>
bool same(const hls::axis<T, U, I, D>& a, const hls::axis<T, U, I, D>& b) {
    return same(a.data, b.data) && same(a.keep, b.keep) && same(a.strb, b.strb) &&
           same(a.last, b.last) && same(a.user, b.user) && same(a.id, b.id) && same(a.dest, b.dest);
}
template <int W>
std::string text_of(const ap_uint<W>& word) {
    return word.to_string(16);
}
template <class T, int U, int I, int D>
std::string text_of(const hls::axis<T, U, I, D>& word) {
    return word.data.to_string(16) + " keep " + word.keep.to_string(16) + " last " +
           (word.last.to_bool() ? "1" : "0");
}

// When a port offers or takes words.
enum class Pace { always, every_other_cycle, at_random };

// A small generator (xorshift64*), so that a seed means the same everywhere.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
    std::uint64_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545f4914f6cdd1dull;
    }
    bool one_in(std::uint64_t n) { return next() % n == 0; }

  private:
    std::uint64_t state_;
};

template <class Rtl, class Model>
class Lockstep {
  public:
    Lockstep(Rtl& rtl, Model& model, std::uint64_t seed) : rtl_(rtl), model_(model), random_(seed) {
        reset();
    }

    Pace idle = Pace::always;           // How inputs offer words.
    Pace back_pressure = Pace::always;  // How outputs take them.

    // The model cannot be reset (statics): reset the RTL only before the first word.
    void reset() {
        rtl_.ap_rst_n = 0;
        quiet_ports();
        for (int i = 0; i < 4; ++i) {
            clock();
        }
        rtl_.ap_rst_n = 1;
    }

    // One clock.  source(name, word) fills the word that an input port offers next and returns
    // true, or returns false if there is none; sink(name, word) sees each word that left.
    template <class Source, class Sink>
    void cycle(Source&& source, Sink&& sink) {
        offer(source);
        model_.for_each_output(rtl_, [this](const char* name, auto&, auto&, auto& ready, auto&&) {
            ready = goes(back_pressure) && held_.count(name) == 0 ? 1 : 0;
        });
        rtl_.ap_clk = 0;
        rtl_.eval();
        model_.step(Seen<Rtl>{rtl_});
        model_.for_each_output(
            rtl_, [&](const char* name, auto& stream, auto& valid, auto& ready, auto&& sample) {
                if (valid && ready) {
                    take(name, stream, sample, sink);
                }
            });
        int port = 0;
        model_.for_each_input(rtl_, [&](const char*, auto&, auto& valid, auto& ready, auto&&) {
            accepted_[port++] = valid && ready;
        });
        rtl_.ap_clk = 1;
        rtl_.eval();
        port = 0;
        model_.for_each_input(rtl_, [&](const char*, auto&, auto& valid, auto&, auto&&) {
            if (accepted_[port++]) {
                valid = 0;
            }
        });
        ++cycles_;
    }

    // An output that takes no word, whatever its pace.
    void hold(const std::string& output, bool held) {
        if (held) {
            held_.insert(output);
        } else {
            held_.erase(output);
        }
    }

    // Words that the native run has written and the RTL still owes.
    std::size_t owed() {
        std::size_t words = 0;
        model_.for_each_output(
            rtl_, [&](const char*, auto& stream, auto&, auto&, auto&&) { words += stream.size(); });
        return words;
    }

    [[nodiscard]] std::uint64_t cycles() const { return cycles_; }
    [[nodiscard]] std::uint64_t words_in() const { return words_in_; }
    [[nodiscard]] std::uint64_t words_out() const { return words_out_; }
    [[nodiscard]] std::uint64_t mismatches() const { return mismatches_; }

  private:
    static constexpr int kPortsMax = 64;
    static constexpr std::uint64_t kMismatchesPrinted = 5;

    void clock() {
        rtl_.ap_clk = 0;
        rtl_.eval();
        rtl_.ap_clk = 1;
        rtl_.eval();
    }
    void quiet_ports() {
        model_.for_each_input(rtl_,
                              [](const char*, auto&, auto& valid, auto&, auto&&) { valid = 0; });
        model_.for_each_output(rtl_,
                               [](const char*, auto&, auto&, auto& ready, auto&&) { ready = 0; });
    }
    bool goes(Pace pace) {
        return pace == Pace::always || (pace == Pace::every_other_cycle && cycles_ % 2 == 0) ||
               (pace == Pace::at_random && random_.next() % 4 != 0);
    }

    // An offered word stays until it is accepted.  The model has it from the offer on, which is
    // harmless: its process is told by the RTL when it may see it.
    template <class Source>
    void offer(Source&& source) {
        model_.for_each_input(
            rtl_, [&](const char* name, auto& stream, auto& valid, auto&, auto&& drive) {
                if (valid || !goes(idle)) {
                    return;
                }
                auto word = element_of(stream);
                if (source(name, word)) {
                    stream.write(word);
                    drive(word);
                    valid = 1;
                    ++words_in_;
                }
            });
    }
    template <class T>
    static T element_of(const hls::stream<T>&) {
        return T{};
    }

    template <class Stream, class Sample, class Sink>
    void take(const char* name, Stream& stream, Sample&& sample, Sink&& sink) {
        auto word = element_of(stream);
        sample(word);
        ++words_out_;
        const bool missing = stream.empty();
        auto expected = element_of(stream);
        if (!missing) {
            expected = stream.read();
        }
        if (missing || !same(word, expected)) {
            if (mismatches_++ < kMismatchesPrinted) {
                std::printf("cycle %llu port %s: RTL %s, native %s\n",
                            static_cast<unsigned long long>(cycles_),
                            name,
                            text_of(word).c_str(),
                            missing ? "has no word" : text_of(expected).c_str());
            }
        }
        sink(name, word);
    }

    Rtl& rtl_;
    Model& model_;
    Random random_;
    std::set<std::string, std::less<>> held_;
    bool accepted_[kPortsMax] = {};
    std::uint64_t cycles_ = 0;
    std::uint64_t words_in_ = 0;
    std::uint64_t words_out_ = 0;
    std::uint64_t mismatches_ = 0;
};

}  // namespace fpvs::cosim
