// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/kit/card_dataplane.hpp"
#include "tests/kit/native_streams.hpp"

namespace fpvs::kit {

// The native pipeline has one state a program, so there is one Dataplane of it.
NativeStreams& native_streams();
CardDataplane& native_dataplane();

}  // namespace fpvs::kit
