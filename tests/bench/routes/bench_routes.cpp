// SPDX-License-Identifier: Apache-2.0
// What a route lookup and the making of a table cost: CPU time of one thread, random destinations
// inside the table's prefixes.  --tiny: only shows that it runs.
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <vector>

#include "host/slowpath/route_table.hpp"
#include "host/util/check.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::uint32_t kSeed = 0x5eed;

[[nodiscard]] double cpu_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

void report(
    const char* name, model::Family family, std::size_t routes, double value, const char* unit) {
    std::printf(
        "{\"name\": \"routes %s, IPv%d, %zu routes\", \"value\": %.1f, \"unit\": \"%s\", "
        "\"better\": \"lower\"}\n",
        name,
        static_cast<int>(family),
        routes,
        value,
        unit);
}

// A default route and random ones of lengths that are common: 16 to 24 bits, 32 to 48 for IPv6.
[[nodiscard]] std::vector<provider::Route> random_routes(std::mt19937& random,
                                                         model::Family family,
                                                         std::size_t count) {
    const model::IpAddress any = model::IpAddress::any(family);
    std::vector<provider::Route> routes{{.prefix = {any, 0}, .gateway = any, .interface_index = 1}};
    while (routes.size() < count) {
        provider::Route route{.prefix = {any, 0}, .gateway = any, .interface_index = 1};
        const auto bits = static_cast<std::uint32_t>(random());
        const auto shorter = static_cast<unsigned>(random() % 9);
        if (family == model::Family::ipv4) {
            route.prefix.length = static_cast<std::uint8_t>(24 - shorter);
            route.prefix.address.words[0] = bits & ~0u << (8 + shorter);
        } else {
            route.prefix.length = static_cast<std::uint8_t>(48 - shorter);
            route.prefix.address.words[0] = 0x20010000 | bits >> 20;
            route.prefix.address.words[1] = bits << 12 & ~0u << (16 + shorter);
        }
        route.gateway->words[3 * (family == model::Family::ipv6 ? 1 : 0)] = 1 + bits % 16;
        routes.push_back(route);
    }
    return routes;
}

void measure(model::Family family, std::size_t count, std::size_t lookups) {
    std::mt19937 random(kSeed);
    const auto routes = random_routes(random, family, count);
    double begin = cpu_ns();
    const RouteTable table(routes);
    report("built", family, count, (cpu_ns() - begin) / 1e6, "ms");

    std::vector<model::IpAddress> destinations(4096);
    for (model::IpAddress& destination : destinations) {
        destination = routes[random() % routes.size()].prefix.address;
        destination.words[family == model::Family::ipv4 ? 0 : 3] |= random() % 256;
    }
    std::uint64_t found = 0;
    begin = cpu_ns();
    for (std::size_t i = 0; i < lookups; ++i) {
        found += table.find(destinations[i % destinations.size()])->interface_index;
    }
    report("lookup", family, count, (cpu_ns() - begin) / static_cast<double>(lookups), "ns");
    FPVS_CHECK(found == lookups);
    report("size", family, count, static_cast<double>(table.size_bytes()) / 1024, "KiB");
}

}  // namespace
}  // namespace fpvs::slowpath

int main(int argument_count, char** arguments) {
    const bool tiny = argument_count > 1 && std::strcmp(arguments[1], "--tiny") == 0;
    std::printf("route table, seed=%u\n", fpvs::slowpath::kSeed);
    for (const auto family : {fpvs::model::Family::ipv4, fpvs::model::Family::ipv6}) {
        for (const std::size_t routes : {std::size_t{10}, std::size_t{1000}, std::size_t{65536}}) {
            fpvs::slowpath::measure(family, routes, tiny ? 1000 : 10'000'000);
        }
    }
    return 0;
}
