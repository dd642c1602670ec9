// SPDX-License-Identifier: Apache-2.0
// Who reads snapshots, and when nobody can read an old one any more: RCU by quiescent states
// (DPDK's rte_rcu_qsbr).
//
// A worker is a reader from its thread's start to its end, and is quiescent between two steps: what
// it read in one step it does not use in the next.  Asleep it reads nothing, and is not waited for.
#pragma once

#include <cstddef>
#include <memory>

struct rte_rcu_qsbr;  // NOLINT(readability-identifier-naming): DPDK's name.

namespace fpvs::slowpath {

class Readers {
  public:
    explicit Readers(std::size_t readers_max);
    ~Readers();
    Readers(const Readers&) = delete;
    Readers& operator=(const Readers&) = delete;

    // --- On the reader's thread.
    void join(std::size_t reader) noexcept;
    void leave(std::size_t reader) noexcept;
    void be_quiescent(std::size_t reader) noexcept;
    void fall_asleep(std::size_t reader) noexcept;
    void wake_up(std::size_t reader) noexcept;

    // --- On any other.
    // Until no reader has what was replaced before this call.  At most one at a time.
    void wait() noexcept;

  private:
    struct Free {
        void operator()(rte_rcu_qsbr* state) const;
    };
    std::unique_ptr<rte_rcu_qsbr, Free> state_;
};

}  // namespace fpvs::slowpath
