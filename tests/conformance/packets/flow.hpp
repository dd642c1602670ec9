// SPDX-License-Identifier: Apache-2.0
// A flow made of events, "c:SYN" from the client, "s:SYNACK" from its server, as recordings of
// connection states name them; played as frames, and looked at as ipvsadm shows it.
#pragma once

#include <optional>
#include <string>

#include "tests/conformance/packets/director.hpp"

namespace fpvs::test {

// A row of `ipvsadm -Lnc`.
struct ConnectionRow {
    std::string protocol;
    int expires_s = 0;
    std::string state;
    std::string server;  // With its port.
};

// ActiveConn and InActConn of the only server.
struct ServerRow {
    int active = 0;
    int inactive = 0;
};

class FlowPlayer {
  public:
    // Sets up the service with one server.  `protocol` is "-t" or "-u", `method` "-m", "-g" or
    // "-i".
    FlowPlayer(Director& director, const Scenario& addresses) : director_(director) {
        addresses_ = addresses;
    }
    [[nodiscard]] Status set_up(const FlowEnds& ends,
                                const std::string& protocol,
                                const std::string& method);

    void send(const FlowEnds& ends, const std::string& event);

    [[nodiscard]] std::optional<ConnectionRow> connection(const FlowEnds& ends) const;
    [[nodiscard]] ServerRow server() const;

  private:
    Director& director_;
    Scenario addresses_;
};

}  // namespace fpvs::test
