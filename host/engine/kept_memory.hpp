// SPDX-License-Identifier: Apache-2.0
// What a director must not lose with its process, in a KeptFile: connections, templates, and what
// the numbers in them mean.  The tables live in it and are changed where they are, so keeping them
// costs the packet path nothing, and whatever ends the process leaves them as they were at that
// moment.  Who reads them later believes only what it has checked (recollection.hpp): the end may
// have come in the middle of a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "host/engine/connection_table.hpp"
#include "host/engine/names.hpp"
#include "host/util/kept_file.hpp"
#include "host/util/result.hpp"

namespace fpvs::engine {

class KeptMemory {
  public:
    // For a director of that size, all zero.
    [[nodiscard]] static Result<KeptMemory> create(const std::string& path,
                                                   std::size_t connections_max,
                                                   std::size_t workers,
                                                   std::uint64_t hash_seed);
    // What another process has left, as a copy.
    [[nodiscard]] static Result<KeptMemory> open(const std::string& path);

    // All that was there before has been taken over: this is what the next open() finds.
    [[nodiscard]] Status commit() { return file_->commit(); }

    [[nodiscard]] std::uint64_t hash_seed() const { return shape().hash_seed; }
    [[nodiscard]] std::size_t workers() const { return shape().workers; }
    // Views of it, which it must outlive.
    [[nodiscard]] Names names() const;
    [[nodiscard]] TableMemory templates() const { return table(0); }
    [[nodiscard]] TableMemory connections(std::size_t worker) const { return table(1 + worker); }

  private:
    struct Shape {
        std::uint64_t connections_max = 0;
        std::uint64_t workers = 0;
        std::uint64_t hash_seed = 0;
    };
    struct Places;

    explicit KeptMemory(std::unique_ptr<KeptFile> file) : file_(std::move(file)) {}

    [[nodiscard]] Shape shape() const;
    [[nodiscard]] std::span<std::byte> piece(std::size_t first, std::size_t size_bytes) const {
        return file_->bytes().subspan(first, size_bytes);
    }
    [[nodiscard]] TableMemory table(std::size_t number) const;

    std::unique_ptr<KeptFile> file_;
};

}  // namespace fpvs::engine
