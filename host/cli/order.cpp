// SPDX-License-Identifier: Apache-2.0
#include "host/cli/order.hpp"

#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "host/cli/endpoint.hpp"

namespace fpvs::cli {
namespace {

// Negative, zero or positive, as of a subtraction.
int compare_addresses(const std::string& a, const std::string& b) {
    const bool a_is_ipv6 = is_ipv6(a);
    if (a_is_ipv6 != is_ipv6(b)) {
        return a_is_ipv6 ? 1 : -1;
    }
    if (a_is_ipv6) {
        in6_addr x{};
        in6_addr y{};
        inet_pton(AF_INET6, a.c_str(), &x);
        inet_pton(AF_INET6, b.c_str(), &y);
        return std::memcmp(&x, &y, sizeof(x));
    }
    in_addr x{};
    in_addr y{};
    inet_pton(AF_INET, a.c_str(), &x);
    inet_pton(AF_INET, b.c_str(), &y);
    return static_cast<std::int32_t>(ntohl(x.s_addr) - ntohl(y.s_addr));
}

int compare(const api::Service* a, const api::Service* b) {
    const api::ServiceKey& x = a->key();
    const api::ServiceKey& y = b->key();
    if (x.firewall_mark() != y.firewall_mark()) {
        return x.firewall_mark() < y.firewall_mark() ? -1 : 1;
    }
    const bool x_is_ipv6 = x.family() == api::IPV6 || is_ipv6(x.address());
    const bool y_is_ipv6 = y.family() == api::IPV6 || is_ipv6(y.address());
    if (x_is_ipv6 != y_is_ipv6) {
        return x_is_ipv6 ? 1 : -1;
    }
    if (x.protocol() != y.protocol()) {
        return static_cast<int>(x.protocol()) - static_cast<int>(y.protocol());
    }
    const int by_address = compare_addresses(x.address(), y.address());
    return by_address != 0 ? by_address : static_cast<int>(x.port()) - static_cast<int>(y.port());
}

int compare(const api::Server* a, const api::Server* b) {
    const int by_address = compare_addresses(a->key().address(), b->key().address());
    return by_address != 0 ? by_address
                           : static_cast<int>(a->key().port()) - static_cast<int>(b->key().port());
}

// Halves, each sorted, then merged; of equal ones the first half's goes first.
template <class Item>
std::vector<Item> merge_sorted(std::vector<Item> items) {
    if (items.size() < 2) {
        return items;
    }
    const auto middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
    const std::vector<Item> left = merge_sorted(std::vector<Item>(items.begin(), middle));
    const std::vector<Item> right = merge_sorted(std::vector<Item>(middle, items.end()));
    std::size_t i = 0;
    std::size_t j = 0;
    for (Item& item : items) {
        const bool take_left =
            j == right.size() || (i < left.size() && compare(left[i], right[j]) <= 0);
        item = take_left ? left[i++] : right[j++];
    }
    return items;
}

}  // namespace

std::vector<const api::Service*> ordered(const api::Services& services, bool sorted) {
    std::vector<const api::Service*> list;
    for (const api::Service& service : services.services()) {
        list.push_back(&service);
    }
    return sorted ? merge_sorted(std::move(list)) : list;
}

std::vector<const api::Server*> ordered(const api::Service& service, bool sorted) {
    std::vector<const api::Server*> list;
    for (const api::Server& server : service.servers()) {
        list.push_back(&server);
    }
    return sorted ? merge_sorted(std::move(list)) : list;
}

}  // namespace fpvs::cli
