// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/native_dataplane.hpp"

namespace fpvs::kit {

NativeStreams& native_streams() {
    static NativeStreams streams;
    return streams;
}

CardDataplane& native_dataplane() {
    static CardDataplane dataplane("native kernels", native_streams());
    return dataplane;
}

}  // namespace fpvs::kit
