// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/readers.hpp"

#include <rte_common.h>
#include <rte_rcu_qsbr.h>

#include <cstdint>
#include <cstdlib>

#include "host/util/check.hpp"

namespace fpvs::slowpath {
namespace {

[[nodiscard]] unsigned number_of(std::size_t reader) {
    return static_cast<unsigned>(reader);
}

}  // namespace

void Readers::Free::operator()(rte_rcu_qsbr* state) const {
    std::free(state);
}

Readers::Readers(std::size_t readers_max) {
    const auto count = static_cast<std::uint32_t>(readers_max);
    const std::size_t bytes = ::rte_rcu_qsbr_get_memsize(count);
    state_.reset(static_cast<rte_rcu_qsbr*>(
        std::aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE))));
    FPVS_CHECK(state_ != nullptr && ::rte_rcu_qsbr_init(state_.get(), count) == 0);
}

Readers::~Readers() = default;

void Readers::join(std::size_t reader) noexcept {
    FPVS_CHECK(::rte_rcu_qsbr_thread_register(state_.get(), number_of(reader)) == 0);
    ::rte_rcu_qsbr_thread_online(state_.get(), number_of(reader));
}

void Readers::leave(std::size_t reader) noexcept {
    ::rte_rcu_qsbr_thread_offline(state_.get(), number_of(reader));
    static_cast<void>(::rte_rcu_qsbr_thread_unregister(state_.get(), number_of(reader)));
}

void Readers::be_quiescent(std::size_t reader) noexcept {
    ::rte_rcu_qsbr_quiescent(state_.get(), number_of(reader));
}

void Readers::fall_asleep(std::size_t reader) noexcept {
    ::rte_rcu_qsbr_thread_offline(state_.get(), number_of(reader));
}

void Readers::wake_up(std::size_t reader) noexcept {
    ::rte_rcu_qsbr_thread_online(state_.get(), number_of(reader));
}

void Readers::wait() noexcept {
    ::rte_rcu_qsbr_synchronize(state_.get(), RTE_QSBR_THRID_INVALID);
}

}  // namespace fpvs::slowpath
