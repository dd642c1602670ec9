// SPDX-License-Identifier: Apache-2.0
// Which card there shall be.  An operator loads one; one that is lost is loaded again, after longer
// and longer pauses, and so is the one before if another cannot be loaded in its place.
//
// All calls are made on the io_context's thread; a card is opened on a thread of its own, since
// that takes its time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "host/provider/card.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::daemon {

// What is done with cards.
struct CardActions {
    // Whether the file is one, as far as it can tell without a card.
    std::function<Status(const std::string& path)> check;
    // On a thread of its own.
    std::function<Result<std::unique_ptr<provider::Card>>(const std::string& path)> open;
    // Connections go on in software.
    std::function<void()> detach;
    std::function<Status(std::unique_ptr<provider::Card> card)> attach;
};

struct CardPatience {
    std::chrono::milliseconds first_pause{2'000};  // Doubled each time,
    std::chrono::milliseconds longest_pause{60'000};
    int tries_max = 12;
    // A card that ran for so long is one that works: pauses begin anew.
    std::chrono::milliseconds steady{60'000};
};

class CardKeeper {
  public:
    using Done = std::function<void(const Status&)>;

    CardKeeper(boost::asio::io_context& io, CardActions actions, CardPatience patience = {});
    // What is under way ends first.
    ~CardKeeper();
    CardKeeper(const CardKeeper&) = delete;
    CardKeeper& operator=(const CardKeeper&) = delete;

    // The card that runs goes only after the file was found good.  If it cannot be loaded all the
    // same, the one before is loaded again.
    void load(std::string path, Done done);
    // The card that runs has failed.
    void lost();
    // From now on no card comes any more.
    void stop();

  private:
    using Clock = std::chrono::steady_clock;

    void begin(std::string path, Done done);
    void finish(Result<std::unique_ptr<provider::Card>> card, const Done& done);
    void try_again();

    boost::asio::io_context& io_;
    const CardActions actions_;
    const CardPatience patience_;
    boost::asio::steady_timer pause_;
    std::string path_;  // What shall run; empty: none.
    Clock::time_point running_since_{};
    int tries_ = 0;
    bool loading_ = false;
    bool stopped_ = false;
    std::thread loader_;
};

}  // namespace fpvs::daemon
