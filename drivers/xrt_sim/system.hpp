// SPDX-License-Identifier: Apache-2.0
// The simulated card's machine: one device, number 0.
#pragma once

#include <memory>
#include <utility>

#include "drivers/xrt_sim/card_slot.hpp"
#include "drivers/xrt_sim/xrt_2_13_abi.hpp"

namespace fpvs::xrt_sim {

// Its construction makes it XRT's driver; throws where XRT has another one already.
class System final : public xrt_core::system {
  public:
    System() = default;

    using id_type = xrt_core::device::id_type;
    using handle_type = xrt_core::device::handle_type;

    std::pair<id_type, id_type> get_total_devices(bool is_user) const override;
    std::shared_ptr<xrt_core::device> get_userpf_device(id_type id) const override;
    std::shared_ptr<xrt_core::device> get_userpf_device(handle_type handle,
                                                        id_type id) const override;
    std::shared_ptr<xrt_core::device> get_mgmtpf_device(id_type id) const override;

  private:
    mutable CardSlot slot_;
};

}  // namespace fpvs::xrt_sim
