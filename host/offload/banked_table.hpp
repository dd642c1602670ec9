// SPDX-License-Identifier: Apache-2.0
// A table of which the card has two banks: packets see one of them, whole, while the other is
// brought up to date (hw/abi/commands.hpp, set_version).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/offload/write_queue.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/record.hpp"

namespace fpvs::offload {

template <class Layout>
class BankedTable {
  public:
    using Record = abi::Record<Layout>;

    explicit BankedTable(std::uint32_t buckets)
        : entries_(std::size_t{buckets} * abi::kTableWays),
          writes_{WriteQueue(entries_.size()), WriteQueue(entries_.size())} {}

    // Its position; none: the bucket is full.
    [[nodiscard]] std::optional<std::uint32_t> add(std::uint32_t bucket, const Record& record) {
        const std::uint32_t first = bucket * abi::kTableWays;
        for (std::uint32_t position = first; position < first + abi::kTableWays; ++position) {
            if (entries_[position] == Record{}) {
                put(position, record);
                return position;
            }
        }
        return std::nullopt;
    }
    // A default record is an empty place.
    void put(std::uint32_t position, const Record& record) {
        entries_[position] = record;
        writes_[0].push(position);
        writes_[1].push(position);
    }
    void put_everything() {
        for (std::uint32_t position = 0; position < entries_.size(); ++position) {
            put(position, entries_[position]);
        }
    }
    [[nodiscard]] const Record& at(std::uint32_t position) const { return entries_[position]; }
    // What the bank still lacks.
    [[nodiscard]] WriteQueue& writes(std::uint32_t bank) { return writes_[bank]; }
    [[nodiscard]] std::size_t writes_waiting() const {
        return writes_[0].size() + writes_[1].size();
    }

  private:
    std::vector<Record> entries_;
    std::array<WriteQueue, 2> writes_;
};

}  // namespace fpvs::offload
