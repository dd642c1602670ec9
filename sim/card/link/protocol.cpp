// SPDX-License-Identifier: Apache-2.0
#include "sim/card/link/protocol.hpp"

namespace fpvs::sim::card {

const char* refusal_text(Refusal refusal) {
    switch (refusal) {
        case Refusal::malformed:
            return "malformed message";
        case Refusal::no_hello:
            return "hello must come first";
        case Refusal::wrong_version:
            return "the simulator speaks another version of the link protocol";
        case Refusal::bad_register:
            return "no such register";
        case Refusal::bad_share:
            return "card address or size not in whole pages, too large, or overlapping";
        case Refusal::bad_memory:
            return "the memory is not a sealed memfd of the announced size";
        case Refusal::too_many_shares:
            return "too many shared buffers";
        case Refusal::unknown_share:
            return "nothing is shared at that address";
    }
    return "unknown refusal";
}

}  // namespace fpvs::sim::card
