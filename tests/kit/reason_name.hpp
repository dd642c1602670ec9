// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hw/abi/reasons.hpp"

namespace fpvs::kit {

inline std::string reason_name(abi::Reason reason) {
    switch (reason) {
#define FPVS_KIT_REASON(name, number, stage, verdict, meaning) \
    case abi::Reason::name:                                    \
        return #name;
        FPVS_ABI_REASONS(FPVS_KIT_REASON)
#undef FPVS_KIT_REASON
    }
    return "reason " + std::to_string(static_cast<int>(reason));
}

}  // namespace fpvs::kit
