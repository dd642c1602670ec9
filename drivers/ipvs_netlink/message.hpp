// SPDX-License-Identifier: Apache-2.0
// Netlink messages and their attributes as bytes (RFC 3549 2.2, linux/netlink.h): read with bounds,
// written aligned.  Numbers are in the machine's order unless a name says be.
#pragma once

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace fpvs::ipvs_netlink {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// The attributes of one level, by type.  Of two with the same type the later counts, as in the
// kernel's parser; types above kTypeMax are passed over.
class Attributes {
  public:
    static constexpr std::size_t kTypeMax = 31;

    // None when a length does not fit.
    [[nodiscard]] static std::optional<Attributes> parse(ByteView bytes);

    [[nodiscard]] bool has(std::uint16_t type) const { return values_.at(type).data() != nullptr; }
    [[nodiscard]] ByteView bytes(std::uint16_t type) const { return values_.at(type); }
    // None when it is absent or too short.
    template <class Integer>
    [[nodiscard]] std::optional<Integer> number(std::uint16_t type) const;
    [[nodiscard]] std::optional<std::uint16_t> be16(std::uint16_t type) const;
    // Up to its terminating zero.
    [[nodiscard]] std::string_view text(std::uint16_t type) const;
    // None when it is absent or malformed.
    [[nodiscard]] std::optional<Attributes> nested(std::uint16_t type) const;

  private:
    std::array<ByteView, kTypeMax + 1> values_{};
};

extern template std::optional<std::uint8_t> Attributes::number(std::uint16_t) const;
extern template std::optional<std::uint16_t> Attributes::number(std::uint16_t) const;
extern template std::optional<std::uint32_t> Attributes::number(std::uint16_t) const;

// Writes one message after the other into one buffer.
class MessageWriter {
  public:
    // A generic netlink message that answers `request`.
    void begin(const nlmsghdr& request,
               std::uint16_t type,
               std::uint16_t flags,
               std::uint8_t command,
               std::uint8_t version = 1);
    void number8(std::uint16_t type, std::uint8_t value);
    void number16(std::uint16_t type, std::uint16_t value);
    void number32(std::uint16_t type, std::uint32_t value);
    void number64(std::uint16_t type, std::uint64_t value);
    void be16(std::uint16_t type, std::uint16_t value);
    void text(std::uint16_t type, std::string_view value);  // With a terminating zero.
    void bytes(std::uint16_t type, ByteView value);
    // Where a nested attribute begins; give it to end_nest() after its members.
    [[nodiscard]] std::size_t begin_nest(std::uint16_t type);
    void end_nest(std::size_t begin);
    void end();

    // A message of that type whose payload is text, part of a dump.
    void raw(const nlmsghdr& request, std::uint16_t type, std::string_view payload);
    // NLMSG_ERROR.  Success quotes the request's header, a failure the whole request.
    void acknowledge(ByteView request, int error);
    // NLMSG_DONE, the end of a dump.
    void done(const nlmsghdr& request);

    [[nodiscard]] Bytes take() { return std::move(buffer_); }

  private:
    void append(const void* data, std::size_t size);
    void pad();

    Bytes buffer_;
    std::size_t message_ = 0;
};

}  // namespace fpvs::ipvs_netlink
