// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/card_keeper.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "host/util/log.hpp"

namespace fpvs::daemon {

CardKeeper::CardKeeper(boost::asio::io_context& io, CardActions actions, CardPatience patience)
    : io_(io), actions_(std::move(actions)), patience_(patience), pause_(io) {}

CardKeeper::~CardKeeper() {
    if (loader_.joinable()) {
        loader_.join();
    }
}

void CardKeeper::load(std::string path, Done done) {
    if (stopped_) {
        done(fail(Code::failed_precondition, "the daemon is ending"));
        return;
    }
    if (loading_) {
        done(fail(Code::failed_precondition, "another card is being loaded"));
        return;
    }
    if (const Status status = actions_.check(path); !status) {
        done(status);  // What runs, runs on.
        return;
    }
    pause_.cancel();
    begin(path, [this, path, done = std::move(done)](const Status& loaded) {
        if (loaded) {
            path_ = path;
            tries_ = 0;
        } else if (!path_.empty()) {
            log::warn("card", "{} could not be loaded: back to {}", path, path_);
            try_again();
        }
        done(loaded);
    });
}

void CardKeeper::lost() {
    if (loading_ || stopped_) {
        return;
    }
    if (Clock::now() - running_since_ >= patience_.steady) {
        tries_ = 0;
    }
    try_again();
}

void CardKeeper::stop() {
    stopped_ = true;
    pause_.cancel();
}

void CardKeeper::begin(std::string path, Done done) {
    actions_.detach();
    if (loader_.joinable()) {
        loader_.join();
    }
    loading_ = true;
    loader_ = std::thread([this, path = std::move(path), done = std::move(done)] {
        // Shared, because a posted handler must be copyable.
        auto card = std::make_shared<Result<std::unique_ptr<provider::Card>>>(actions_.open(path));
        boost::asio::post(io_, [this, card, done] { finish(std::move(*card), done); });
    });
}

void CardKeeper::finish(Result<std::unique_ptr<provider::Card>> card, const Done& done) {
    loading_ = false;
    if (stopped_) {
        done(fail(Code::failed_precondition, "the daemon is ending"));
        return;
    }
    if (!card) {
        done(fail(std::move(card).error()));
        return;
    }
    const std::string path = (*card)->bitstream().path;
    const Status attached = actions_.attach(std::move(*card));
    if (attached) {
        running_since_ = Clock::now();
        log::info("card", "running {}", path);
    }
    done(attached);
}

void CardKeeper::try_again() {
    if (path_.empty() || stopped_) {
        return;
    }
    if (tries_ == patience_.tries_max) {
        log::error("card",
                   "{} is not loaded any more after {} tries; fpvsadm card load does it",
                   path_,
                   tries_);
        return;
    }
    const auto pause = std::min(patience_.longest_pause, patience_.first_pause * (1 << tries_));
    ++tries_;
    log::info("card", "{} is loaded again in {} ms", path_, pause.count());
    pause_.expires_after(pause);
    pause_.async_wait([this](const boost::system::error_code& error) {
        if (error || loading_ || stopped_) {
            return;
        }
        begin(path_, [this](const Status& loaded) {
            if (!loaded) {
                log::warn("card", "{}", loaded.error().text());
                try_again();
            }
        });
    });
}

}  // namespace fpvs::daemon
