// SPDX-License-Identifier: Apache-2.0
#include "drivers/ipvs_netlink/message.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace fpvs::ipvs_netlink {
namespace {

std::size_t aligned(std::size_t size) {
    return NLMSG_ALIGN(size);
}

}  // namespace

std::optional<Attributes> Attributes::parse(ByteView bytes) {
    Attributes result;
    while (bytes.size() >= sizeof(nlattr)) {
        nlattr header{};
        std::memcpy(&header, bytes.data(), sizeof header);
        if (header.nla_len < sizeof header || header.nla_len > bytes.size()) {
            return std::nullopt;
        }
        const std::size_t type = header.nla_type & NLA_TYPE_MASK;
        if (type <= kTypeMax) {
            result.values_.at(type) = bytes.subspan(sizeof header, header.nla_len - sizeof header);
        }
        bytes = bytes.subspan(std::min(aligned(header.nla_len), bytes.size()));
    }
    return result;
}

template <class Integer>
std::optional<Integer> Attributes::number(std::uint16_t type) const {
    const ByteView value = bytes(type);
    if (value.size() < sizeof(Integer)) {
        return std::nullopt;
    }
    Integer result = 0;
    std::memcpy(&result, value.data(), sizeof result);
    return result;
}
template std::optional<std::uint8_t> Attributes::number(std::uint16_t) const;
template std::optional<std::uint16_t> Attributes::number(std::uint16_t) const;
template std::optional<std::uint32_t> Attributes::number(std::uint16_t) const;

std::optional<std::uint16_t> Attributes::be16(std::uint16_t type) const {
    const auto value = number<std::uint16_t>(type);
    return value ? std::optional(ntohs(*value)) : std::nullopt;
}

std::string_view Attributes::text(std::uint16_t type) const {
    const ByteView value = bytes(type);
    const auto end = std::find(value.begin(), value.end(), 0);
    return {reinterpret_cast<const char*>(value.data()),
            static_cast<std::size_t>(end - value.begin())};
}

std::optional<Attributes> Attributes::nested(std::uint16_t type) const {
    return has(type) ? parse(bytes(type)) : std::nullopt;
}

void MessageWriter::append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    buffer_.insert(buffer_.end(), first, first + size);
}

void MessageWriter::pad() {
    buffer_.resize(aligned(buffer_.size()));
}

void MessageWriter::begin(const nlmsghdr& request,
                          std::uint16_t type,
                          std::uint16_t flags,
                          std::uint8_t command,
                          std::uint8_t version) {
    message_ = buffer_.size();
    const nlmsghdr header{.nlmsg_len = 0,
                          .nlmsg_type = type,
                          .nlmsg_flags = flags,
                          .nlmsg_seq = request.nlmsg_seq,
                          .nlmsg_pid = request.nlmsg_pid};
    append(&header, sizeof header);
    const genlmsghdr generic{.cmd = command, .version = version, .reserved = 0};
    append(&generic, sizeof generic);
}

void MessageWriter::bytes(std::uint16_t type, ByteView value) {
    const nlattr header{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                        .nla_type = type};
    append(&header, sizeof header);
    append(value.data(), value.size());
    pad();
}

void MessageWriter::number8(std::uint16_t type, std::uint8_t value) {
    bytes(type, {&value, 1});
}

void MessageWriter::number16(std::uint16_t type, std::uint16_t value) {
    bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

void MessageWriter::number32(std::uint16_t type, std::uint32_t value) {
    bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

void MessageWriter::number64(std::uint16_t type, std::uint64_t value) {
    bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

void MessageWriter::be16(std::uint16_t type, std::uint16_t value) {
    number16(type, htons(value));
}

void MessageWriter::text(std::uint16_t type, std::string_view value) {
    Bytes terminated(value.begin(), value.end());
    terminated.push_back(0);
    bytes(type, terminated);
}

std::size_t MessageWriter::begin_nest(std::uint16_t type) {
    const std::size_t begin = buffer_.size();
    bytes(type, {});
    return begin;
}

void MessageWriter::end_nest(std::size_t begin) {
    const auto length = static_cast<std::uint16_t>(buffer_.size() - begin);
    std::memcpy(buffer_.data() + begin, &length, sizeof length);
}

void MessageWriter::end() {
    const auto length = static_cast<std::uint32_t>(buffer_.size() - message_);
    std::memcpy(buffer_.data() + message_, &length, sizeof length);
}

void MessageWriter::raw(const nlmsghdr& request, std::uint16_t type, std::string_view payload) {
    const nlmsghdr header{
        .nlmsg_len = static_cast<std::uint32_t>(sizeof(nlmsghdr) + payload.size()),
        .nlmsg_type = type,
        .nlmsg_flags = NLM_F_MULTI,
        .nlmsg_seq = request.nlmsg_seq,
        .nlmsg_pid = request.nlmsg_pid};
    append(&header, sizeof header);
    append(payload.data(), payload.size());
    pad();
}

void MessageWriter::acknowledge(ByteView request, int error) {
    nlmsghdr asked{};
    std::memcpy(&asked, request.data(), sizeof asked);
    const std::size_t quoted = error == 0 ? sizeof asked : request.size();
    const nlmsghdr header{
        .nlmsg_len = static_cast<std::uint32_t>(sizeof(nlmsghdr) + sizeof error + quoted),
        .nlmsg_type = NLMSG_ERROR,
        .nlmsg_flags = static_cast<std::uint16_t>(error == 0 ? NLM_F_CAPPED : 0),
        .nlmsg_seq = asked.nlmsg_seq,
        .nlmsg_pid = asked.nlmsg_pid};
    append(&header, sizeof header);
    append(&error, sizeof error);
    append(request.data(), quoted);
    pad();
}

void MessageWriter::done(const nlmsghdr& request) {
    const int status = 0;
    const nlmsghdr header{.nlmsg_len = sizeof(nlmsghdr) + sizeof status,
                          .nlmsg_type = NLMSG_DONE,
                          .nlmsg_flags = NLM_F_MULTI,
                          .nlmsg_seq = request.nlmsg_seq,
                          .nlmsg_pid = request.nlmsg_pid};
    append(&header, sizeof header);
    append(&status, sizeof status);
}

}  // namespace fpvs::ipvs_netlink
