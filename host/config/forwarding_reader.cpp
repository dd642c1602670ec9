// SPDX-License-Identifier: Apache-2.0
#include "host/config/forwarding_reader.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "host/config/values.hpp"

namespace fpvs::config {
namespace {

// Reads word after word; each step moves on past what it has understood.
class TunnelReader {
  public:
    TunnelReader(const std::vector<Word>& words, Diagnostics& diagnostics)
        : words_(words), diagnostics_(diagnostics) {}

    // The words after `TUN`.
    [[nodiscard]] std::optional<model::Tunnel> read() {
        constexpr std::size_t kAfterTun = 2;
        next_ = kAfterTun;
        if (!read_type() || !read_checksum()) {
            return std::nullopt;
        }
        if (next_ < words_.size()) {
            diagnostics_.error(words_[next_].position,
                               "'{}' is not understood after TUN: it may say type ipip, type gue "
                               "port N or type gre, and then nocsum, csum or remcsum",
                               words_[next_].text);
            return std::nullopt;
        }
        return tunnel_;
    }

  private:
    [[nodiscard]] bool take(std::string_view text) {
        const bool taken = next_ < words_.size() && words_[next_].text == text;
        next_ += taken ? 1 : 0;
        return taken;
    }

    [[nodiscard]] bool read_type() {
        const Position place = words_[1].position;
        if (!take("type")) {
            return true;
        }
        if (take("gue")) {
            tunnel_.kind = model::TunnelKind::gue;
        } else if (take("gre")) {
            tunnel_.kind = model::TunnelKind::gre;
        } else if (!take("ipip")) {
            diagnostics_.error(place, "a tunnel's type is ipip, gue or gre");
            return false;
        }
        if (take("port") && next_ < words_.size()) {
            const auto port = read_number(
                words_[next_++], "the tunnel's port", {.min = 1, .max = UINT16_MAX}, diagnostics_);
            tunnel_.port = static_cast<std::uint16_t>(port.value_or(0));
            if (!port) {
                return false;
            }
        }
        if ((tunnel_.kind == model::TunnelKind::gue) != (tunnel_.port != 0)) {
            diagnostics_.error(place, "a tunnel of type gue needs a port, others have none");
            return false;
        }
        return true;
    }

    [[nodiscard]] bool read_checksum() {
        const std::size_t place = next_;
        if (take("csum")) {
            tunnel_.checksum = model::TunnelChecksum::checksum;
        } else if (take("remcsum")) {
            tunnel_.checksum = model::TunnelChecksum::remote_checksum;
        } else if (!take("nocsum")) {
            return true;
        }
        if (tunnel_.kind == model::TunnelKind::ipip) {
            diagnostics_.error(words_[place].position, "a tunnel of type ipip has no checksum");
            return false;
        }
        if (tunnel_.checksum == model::TunnelChecksum::remote_checksum &&
            tunnel_.kind != model::TunnelKind::gue) {
            diagnostics_.error(words_[place].position,
                               "only a tunnel of type gue can leave its checksum to the far end");
            return false;
        }
        return true;
    }

    const std::vector<Word>& words_;
    Diagnostics& diagnostics_;
    std::size_t next_ = 0;
    model::Tunnel tunnel_;
};

}  // namespace

std::optional<Method> read_method(const Statement& statement, Diagnostics& diagnostics) {
    if (statement.words.size() > 1 && statement.words[1].text == "TUN") {
        const auto tunnel = TunnelReader(statement.words, diagnostics).read();
        return tunnel ? std::optional(Method{model::Forwarding::tunnel, *tunnel}) : std::nullopt;
    }
    constexpr std::array kMethods{model::Forwarding::nat,
                                  model::Forwarding::direct_routing,
                                  model::Forwarding::tunnel,
                                  model::Forwarding::full_nat,
                                  model::Forwarding::full_nat};
    const auto choice =
        read_choice(statement, {"NAT", "DR", "TUN", "FULLNAT", "FNAT"}, diagnostics);
    return choice ? std::optional(Method{.forwarding = kMethods[*choice]}) : std::nullopt;
}

}  // namespace fpvs::config
