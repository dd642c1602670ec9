// SPDX-License-Identifier: Apache-2.0
// hls::stream<T>: the only way processes of a kernel speak to each other.
//
// Native view: a queue without bound.  Where AMD's simulation would wait for ever (a read of an
// empty stream) the program stops and says which stream.  A lock-step harness may fix what
// empty() answers, so that the native process sees what the RTL sampled (hlsc/cosim/lockstep.hpp).
//
// Synthesis view (hlsc only): a block of plain memory that hlsc turns into a port.
#pragma once
#pragma clang system_header

#include "ap_int.h"

#ifndef __SYNTHESIS__

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace hls {

// What empty() answers while a lock-step harness is in charge.
enum class EmptyAnswer : signed char { own = -1, readable = 0, empty = 1 };

template <class T, int DEPTH = 0>
class stream {
  public:
    stream() = default;
    explicit stream(const char* name) : name_(name) {}
    explicit stream(const std::string& name) : name_(name) {}
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    bool empty() const {
        return forced_ == EmptyAnswer::own ? count_ == 0 : forced_ == EmptyAnswer::empty;
    }
    bool full() const { return false; }
    std::size_t size() const { return count_; }

    T read() {
        if (count_ == 0) {
            std::fprintf(stderr, "hls::stream '%s': read while empty\n", name_.c_str());
            std::abort();
        }
        T word = std::move(words_[head_]);
        head_ = (head_ + 1) & (words_.size() - 1);
        --count_;
        ++reads_;
        return word;
    }
    void read(T& word) { word = read(); }
    bool read_nb(T& word) {
        if (empty()) {
            return false;
        }
        word = read();
        return true;
    }
    void write(const T& word) {
        if (count_ == words_.size()) {
            grow();
        }
        words_[(head_ + count_) & (words_.size() - 1)] = word;
        ++count_;
        ++writes_;
    }
    bool write_nb(const T& word) {
        write(word);
        return true;
    }
    void operator>>(T& word) { read(word); }
    void operator<<(const T& word) { write(word); }

    // For harnesses only; a kernel that calls these does not compile under Vitis.
    void force_empty(EmptyAnswer answer) { forced_ = answer; }
    const T& front() const { return words_[head_]; }
    unsigned long long reads() const { return reads_; }
    unsigned long long writes() const { return writes_; }
    const std::string& name() const { return name_; }

  private:
    void grow() {
        std::vector<T> larger(words_.empty() ? 16 : words_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i) {
            larger[i] = std::move(words_[(head_ + i) & (words_.size() - 1)]);
        }
        words_ = std::move(larger);
        head_ = 0;
    }

    std::string name_ = "unnamed";
    std::vector<T> words_;  // A ring; its size is a power of two.
    std::size_t head_ = 0;
    std::size_t count_ = 0;
    unsigned long long reads_ = 0;
    unsigned long long writes_ = 0;
    EmptyAnswer forced_ = EmptyAnswer::own;
};

}  // namespace hls

#else  // __SYNTHESIS__

extern "C" {
void __fpvs_refuse_full() __attribute__((nothrow));
void __fpvs_refuse_write_nb() __attribute__((nothrow));
}

namespace hls {

// hlsc knows these members by name (hw/hlsc/frontend).  Each flag is 0 or 1.
template <class T, int DEPTH = 0>
class stream {
  public:
    constexpr stream() {}
    constexpr explicit stream(const char*) {}
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    FPVS_AP_INLINE bool empty() const { return empty_ != 0; }
    FPVS_AP_INLINE bool full() const {
        __fpvs_refuse_full();
        return false;
    }
    FPVS_AP_INLINE T read() {
        read_twice_ |= read_;
        read_ = 1;
        return payload_.word;
    }
    FPVS_AP_INLINE void read(T& word) { word = read(); }
    FPVS_AP_INLINE bool read_nb(T& word) {
        const bool readable = !empty();
        if (readable) {
            word = read();
        }
        return readable;
    }
    FPVS_AP_INLINE void write(const T& word) {
        written_twice_ |= written_;
        written_ = 1;
        payload_.word = word;
    }
    FPVS_AP_INLINE bool write_nb(const T& word) {
        __fpvs_refuse_write_nb();
        write(word);
        return true;
    }
    FPVS_AP_INLINE void operator>>(T& word) { word = read(); }
    FPVS_AP_INLINE void operator<<(const T& word) { write(word); }

  private:
    union Payload {
        unsigned char none;
        T word;
        constexpr Payload() : none(0) {}
    };
    unsigned char empty_ = 0;
    unsigned char read_ = 0;
    unsigned char read_twice_ = 0;
    unsigned char written_ = 0;
    unsigned char written_twice_ = 0;
    alignas(64) Payload payload_;
};

}  // namespace hls

#endif  // __SYNTHESIS__
