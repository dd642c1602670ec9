// SPDX-License-Identifier: Apache-2.0
// rr: the servers in turn, weights aside.
#include "host/schedule/schedulers.hpp"

namespace fpvs::schedule {
namespace {

class RoundRobin final : public Scheduler {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        for (std::size_t step = 0; step < servers.size(); ++step) {
            const std::size_t position = (next_ + step) % servers.size();
            if (servers[position]->usable()) {
                next_ = position + 1;
                return position;
            }
        }
        return std::nullopt;
    }

    void start(Servers) override { next_ = 0; }

    // The turn stays with the same server, except that one added at the head while the turn is
    // there comes first.
    void server_added(Servers) override { next_ += next_ > 0 ? 1 : 0; }
    void server_removed(Servers, std::size_t former_position) override {
        next_ -= former_position < next_ ? 1 : 0;
    }
    void server_edited(Servers) override {}

    std::optional<Choices> choices(Servers servers,
                                   const Request&,
                                   std::size_t choices_max) override {
        if (servers.size() > choices_max) {
            return std::nullopt;
        }
        Choices all{.by = Choices::By::sequence};
        for (std::size_t step = 0; step < servers.size(); ++step) {
            const std::size_t position = (next_ + step) % servers.size();
            if (servers[position]->usable()) {
                all.positions.emplace_back(position);
            }
        }
        return all;
    }
    void chosen(Servers servers, const ServerState& server) override {
        for (std::size_t step = 0; step < servers.size(); ++step) {
            const std::size_t position = (next_ + step) % servers.size();
            if (servers[position] == &server) {
                next_ = position + 1;
                return;
            }
        }
    }

  private:
    std::size_t next_ = 0;  // One past the last chosen; 0: the head of the list.
};

}  // namespace

std::unique_ptr<Scheduler> make_rr() {
    return std::make_unique<RoundRobin>();
}

}  // namespace fpvs::schedule
