// SPDX-License-Identifier: Apache-2.0
// The packets that were sent while cli.json was recorded, played to the engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/cli/recording.hpp"
#include "tests/kit/engine_operations.hpp"

namespace fpvs::test {

class RecordedTraffic {
  public:
    explicit RecordedTraffic(const std::vector<Invocation>& invocations)
        : invocations_(invocations) {}

    // Sends what the recording says was sent before this invocation.
    void play_before(const Invocation& invocation, kit::EngineOperations& operations);

  private:
    void play_clients(const Invocation& invocation, kit::EngineOperations& operations);
    void play_datagrams(const Invocation& invocation, kit::EngineOperations& operations);

    const std::vector<Invocation>& invocations_;
    std::string last_note_;
    std::uint64_t datagrams_ = 0;  // Counted so far.
    std::uint64_t datagram_bytes_ = 0;
};

// Whether a list shows that packets were counted or connections exist.
[[nodiscard]] bool has_traffic(const std::string& list);

}  // namespace fpvs::test
