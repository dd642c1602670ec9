// SPDX-License-Identifier: Apache-2.0
// What the stock ipvsadm and a real kernel said to each other by netlink, command by command: the
// requests go to our family, and its answers must be the kernel's bytes.
//
// Two things are the recorded machine's own: the number that its kernel gave the family, and the
// order of services in a list, which is a hash's.
#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "drivers/ipvs_netlink/family.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::test {
namespace {

using ipvs_netlink::Bytes;
using ipvs_netlink::ByteView;

constexpr std::size_t kCookedHeaderBytes = 16;  // LINKTYPE_NETLINK

nlmsghdr header_of(ByteView message) {
    nlmsghdr header{};
    std::memcpy(&header, message.data(), std::min(sizeof header, message.size()));
    return header;
}

std::uint8_t command_of(ByteView message) {
    return message.size() > NLMSG_HDRLEN ? message[NLMSG_HDRLEN] : std::uint8_t{0};
}

std::vector<Bytes> messages_in(ByteView rest) {
    std::vector<Bytes> messages;
    while (rest.size() >= NLMSG_HDRLEN) {
        const std::size_t length =
            std::clamp<std::size_t>(header_of(rest).nlmsg_len, NLMSG_HDRLEN, rest.size());
        messages.emplace_back(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
        rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), rest.size()));
    }
    return messages;
}

bool is_request(ByteView message) {
    const nlmsghdr header = header_of(message);
    return header.nlmsg_type >= NLMSG_MIN_TYPE && (header.nlmsg_flags & NLM_F_REQUEST) != 0;
}

// Where the controller's answer holds the family's number.
std::optional<std::size_t> family_number_at(ByteView message) {
    if (header_of(message).nlmsg_type != GENL_ID_CTRL ||
        command_of(message) != CTRL_CMD_NEWFAMILY) {
        return std::nullopt;
    }
    for (std::size_t at = NLMSG_HDRLEN + GENL_HDRLEN; at + NLA_HDRLEN <= message.size();) {
        nlattr attribute{};
        std::memcpy(&attribute, message.data() + at, sizeof attribute);
        if (attribute.nla_type == CTRL_ATTR_FAMILY_ID &&
            at + NLA_HDRLEN + sizeof(std::uint16_t) <= message.size()) {
            return at + NLA_HDRLEN;
        }
        at += NLA_ALIGN(std::max<std::size_t>(attribute.nla_len, NLA_HDRLEN));
    }
    return std::nullopt;
}

std::string hex(ByteView bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

// One kernel's life: commands in order, on one table.
class Replay {
  public:
    explicit Replay(std::set<std::string> interfaces) {
        operations_.daemons =
            sync::StartedDaemons([known = std::move(interfaces)](const std::string& interface) {
                return known.count(interface) > 0;
            });
    }

    // Empty if every answer was the kernel's.
    std::string play(const std::vector<kit::Frame>& frames) {
        differences_.clear();
        for (const kit::Frame& frame : frames) {
            const auto cooked = ByteView(frame);
            if (cooked.size() < kCookedHeaderBytes) {
                continue;
            }
            for (Bytes& message : messages_in(cooked.subspan(kCookedHeaderBytes))) {
                feed(std::move(message));
            }
        }
        compare();
        return differences_;
    }
    [[nodiscard]] std::size_t exchanges() const { return exchanges_; }

  private:
    void feed(Bytes message) {
        const bool request = is_request(message);
        translate(message);
        if (request) {
            compare();
            request_ = message;
            answered_ = messages_in(family_.handle(message));
        } else if (!request_.empty()) {
            expected_.push_back(std::move(message));
        }
    }

    // From the recorded kernel's number of the family to ours.
    void translate(Bytes& message) {
        if (const auto at = family_number_at(message)) {
            std::uint16_t number = 0;
            std::memcpy(&number, message.data() + *at, sizeof number);
            recorded_family_ = number;
            std::memcpy(message.data() + *at, &ipvs_netlink::kFamilyId, sizeof number);
        }
        nlmsghdr header = header_of(message);
        const bool quotes = header.nlmsg_type == NLMSG_ERROR &&
                            message.size() >= NLMSG_HDRLEN + sizeof(int) + NLMSG_HDRLEN;
        const std::size_t at = quotes ? NLMSG_HDRLEN + sizeof(int) : 0;
        header = header_of(ByteView(message).subspan(at));
        if (recorded_family_ && header.nlmsg_type == *recorded_family_) {
            header.nlmsg_type = ipvs_netlink::kFamilyId;
            std::memcpy(message.data() + at, &header, sizeof header);
        }
    }

    void compare() {
        if (!expected_.empty()) {
            ++exchanges_;
            if (command_of(request_) == IPVS_CMD_GET_SERVICE) {
                std::sort(expected_.begin(), expected_.end());
                std::sort(answered_.begin(), answered_.end());
            }
            if (answered_ != expected_) {
                tell();
            }
        }
        request_.clear();
        answered_.clear();
        expected_.clear();
    }

    void tell() {
        differences_ += fmt::format("  request {}\n", hex(request_));
        const std::size_t count = std::max(answered_.size(), expected_.size());
        for (std::size_t i = 0; i < count; ++i) {
            const std::string theirs = i < expected_.size() ? hex(expected_[i]) : "nothing";
            const std::string ours = i < answered_.size() ? hex(answered_[i]) : "nothing";
            if (theirs != ours) {
                differences_ += fmt::format("    recorded {}\n    ours     {}\n", theirs, ours);
            }
        }
    }

    kit::EngineOperations operations_;
    ipvs_netlink::IpvsFamily family_{operations_};
    std::optional<std::uint16_t> recorded_family_;
    Bytes request_;
    std::vector<Bytes> answered_;
    std::vector<Bytes> expected_;
    std::size_t exchanges_ = 0;
    std::string differences_;
};

// The interfaces that the recorded director had, as far as commands tell.
std::set<std::string> interfaces_in(const nlohmann::json& commands) {
    std::set<std::string> interfaces;
    for (const auto& entry : commands) {
        std::istringstream words(entry.at(1).get<std::string>());
        for (std::string word; words >> word;) {
            if (word == "--mcast-interface" && entry.at(2) == 0 && words >> word) {
                interfaces.insert(word);
            }
        }
    }
    return interfaces;
}

TEST(Netlink, every_request_is_answered_with_the_bytes_of_the_kernel) {
    const auto commands = load_golden("nl/ipvsadm-index.json");
    if (!commands) {
        GTEST_SKIP() << "no nl/ipvsadm-index.json";
    }
    Replay replay(interfaces_in(*commands));
    Tally tally("nl", "commands");
    for (const auto& entry : *commands) {
        const int number = entry.at(0).get<int>();
        const auto command = entry.at(1).get<std::string>();
        const auto path = golden_path(fmt::format("nl/ipvsadm-{:02}.pcap", number));
        const std::string differences = replay.play(kit::read_pcap(path.string()));
        const std::string item = fmt::format("[{}] {}", number, command);
        differences.empty() ? tally.equal(item) : tally.different(item, differences);
    }
    tally.note("exchanges", replay.exchanges());
    EXPECT_EQ(tally.finish(), "");
}

}  // namespace
}  // namespace fpvs::test
