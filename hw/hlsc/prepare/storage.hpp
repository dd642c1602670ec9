// SPDX-License-Identifier: Apache-2.0
// Where each static variable of a process lives: in registers, in a memory, or in a table of
// constants; decided by its size and its pragmas, as Vitis does.
#pragma once

#include <map>
#include <vector>

#include "hw/hlsc/frontend/kernel_module.hpp"

namespace fpvs::hlsc {

struct Storage {
    enum class Kind { registers, memory, constants };
    Kind kind = Kind::registers;
    std::string name;
    Layout element;          // Of an array: one element; otherwise the whole variable.
    std::vector<int> banks;  // Sizes of the leading dimensions that are partitioned.
    int depth = 1;           // Elements of one bank.
    int element_bytes = 0;
    bool has_reset = false;
    bool bound = false;  // BIND_STORAGE was given.
    RamStyle style = RamStyle::automatic;
    int latency = 0;  // 0: by style.
    Dependence dependence;
    bool has_dependence = false;
    Position where;

    [[nodiscard]] int bank_count() const {
        int count = 1;
        for (const int size : banks) {
            count *= size;
        }
        return count;
    }
};

using StorageMap = std::map<const llvm::GlobalVariable*, Storage>;

// Arrays up to this size become registers without a pragma (config_array_partition's default).
inline constexpr int kPartitionedElementsMax = 4;
// Registers with a variable index are multiplexers; more elements than this belong in a memory.
inline constexpr int kRegisterArrayMax = 64;

// The statics of one process.
StorageMap assign_storage(const llvm::Function& function,
                          const std::vector<Pragma>& pragmas,
                          Diagnostics& diagnostics);

// Cycles between two iterations, at most.
inline constexpr int kIntervalMax = 64;

// What the remaining pragmas of the process say of its pipeline: its interval.
void check_pipeline(const std::vector<Pragma>& pragmas, Process& process, Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
