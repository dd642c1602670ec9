// SPDX-License-Identifier: Apache-2.0
// The kernel's routes, read whole and read again after every change that its events tell of.
//
// Rules that send some packets to further tables (policy routing, VRFs) are not followed: the table
// is what local and main say.  Of a route with several next hops the first that works is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "host/model/limits.hpp"
#include "host/provider/routes.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

struct RouteCounters {
    std::uint64_t routes = 0;            // In the table as it was last read,
    std::uint64_t routes_refused = 0;    // there but beyond what we take,
    std::uint64_t multipath_routes = 0;  // and cut to one next hop.
    std::uint64_t reads = 0;
    std::uint64_t read_errors = 0;
};

class RouteWatch final : public provider::Routes {
  public:
    // Works in the network namespace of the calling thread.
    [[nodiscard]] static Result<std::unique_ptr<RouteWatch>> open(
        boost::asio::io_context& io, std::size_t routes_max = model::kRoutesMax);
    ~RouteWatch() override;

    // On the io_context's thread, or before it runs.
    void on_change(ChangeHandler handler) override;
    [[nodiscard]] const RouteCounters& counters() const;

  private:
    class Reader;

    explicit RouteWatch(std::shared_ptr<Reader> reader);

    std::shared_ptr<Reader> reader_;  // Shared with a timer under way, which may end after us.
};

}  // namespace fpvs::kernel
