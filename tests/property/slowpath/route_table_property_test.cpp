// SPDX-License-Identifier: Apache-2.0
// The route table against a search through all routes, on random tables of nested prefixes.
// RC_PARAMS="seed=N" plays a failure again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <random>
#include <vector>

#include "host/slowpath/route_table.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::size_t kRoutesMax = 200;
constexpr int kProbes = 300;

class RandomRoutes {
  public:
    RandomRoutes(std::uint32_t seed, model::Family family) : random_(seed), family_(family) {}

    // Few bits are set and few differ, so that prefixes nest, touch and repeat.
    [[nodiscard]] model::IpAddress address() {
        model::IpAddress address = model::IpAddress::any(family_);
        for (std::size_t i = 0; i < words(); ++i) {
            for (const std::uint32_t shift : {0, 8, 16, 24}) {
                address.words[i] |= kOctets[below(std::size(kOctets))] << shift;
            }
        }
        return address;
    }
    [[nodiscard]] provider::Route route() {
        const auto length = static_cast<std::uint8_t>(below(32 * words() + 1));
        provider::Route route{.prefix = {cut(address(), length), length},
                              .gateway = std::nullopt,
                              .interface_index = below(4),
                              .mtu = below(2) * 1400,
                              .metric = below(3)};
        if (below(2) == 0) {
            route.gateway = address();
        }
        return route;
    }
    [[nodiscard]] std::vector<provider::Route> routes() {
        std::vector<provider::Route> routes(below(kRoutesMax));
        for (provider::Route& each : routes) {
            each = route();
        }
        return routes;
    }
    // An address, or one just outside of or at an end of a prefix.
    [[nodiscard]] model::IpAddress probe(const std::vector<provider::Route>& routes) {
        if (routes.empty() || below(2) == 0) {
            return address();
        }
        const auto& prefix = routes[below(routes.size())].prefix;
        model::IpAddress edge = prefix.address;
        if (below(2) == 0) {
            for (unsigned bit = prefix.length; bit < 32 * words(); ++bit) {
                edge.words[bit / 32] |= 0x80000000u >> bit % 32;
            }
        }
        const bool back = below(2) == 0;
        if (below(2) == 0) {
            for (std::size_t i = words(); i-- > 0;) {
                const std::uint32_t before = edge.words[i];
                edge.words[i] += back ? ~0u : 1u;
                if (before != (back ? 0u : ~0u)) {
                    break;  // Nothing to carry.
                }
            }
        }
        return edge;
    }

  private:
    static constexpr std::uint32_t kOctets[] = {0x00, 0x00, 0x01, 0x80, 0xfe, 0xff, 0xff};

    [[nodiscard]] std::size_t words() const { return family_ == model::Family::ipv4 ? 1 : 4; }
    [[nodiscard]] std::uint32_t below(std::size_t bound) {
        return static_cast<std::uint32_t>(random_() % bound);
    }
    [[nodiscard]] static model::IpAddress cut(model::IpAddress address, unsigned length) {
        for (unsigned bit = length; bit < 32 * address.words.size(); ++bit) {
            address.words[bit / 32] &= ~(0x80000000u >> bit % 32);
        }
        return address;
    }

    std::mt19937 random_;
    const model::Family family_;
};

[[nodiscard]] std::optional<Way> search(const std::vector<provider::Route>& routes,
                                        const model::IpAddress& destination) {
    const provider::Route* best = nullptr;
    for (const provider::Route& route : routes) {
        if (route.prefix.contains(destination) &&
            (best == nullptr || route.prefix.length > best->prefix.length ||
             (route.prefix.length == best->prefix.length && route.metric < best->metric))) {
            best = &route;
        }
    }
    if (best == nullptr || best->interface_index == 0) {
        return std::nullopt;
    }
    return Way{best->gateway.value_or(destination), best->interface_index, best->mtu};
}

void compare(std::uint32_t seed, model::Family family) {
    RandomRoutes random(seed, family);
    const std::vector<provider::Route> routes = random.routes();
    const RouteTable table(routes);
    for (int i = 0; i < kProbes; ++i) {
        const model::IpAddress destination = random.probe(routes);
        RC_LOG() << model::to_string(destination) << "\n";
        RC_ASSERT(table.find(destination) == search(routes, destination));
    }
}

RC_GTEST_PROP(RouteTableProperty, equals_a_search_ipv4, (std::uint32_t seed)) {
    compare(seed, model::Family::ipv4);
}

RC_GTEST_PROP(RouteTableProperty, equals_a_search_ipv6, (std::uint32_t seed)) {
    compare(seed, model::Family::ipv6);
}

}  // namespace
}  // namespace fpvs::slowpath
