// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/card_keeper.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/kit/fake_card.hpp"
#include "tests/kit/io_until.hpp"

namespace fpvs::daemon {
namespace {

using namespace std::chrono_literals;

constexpr CardPatience kShort{
    .first_pause = 1ms, .longest_pause = 4ms, .tries_max = 5, .steady = 1h};

class CardKeeperTest : public testing::Test {
  protected:
    CardKeeper::Done told() {
        return [this](const Status& status) {
            answers_.push_back(status ? "ok" : status.error().message);
        };
    }
    void load(const std::string& path) {
        const std::size_t before = answers_.size();
        keeper_.load(path, told());
        ASSERT_TRUE(kit::run_until(io_, [&] { return answers_.size() > before; }));
    }

    boost::asio::io_context io_;
    std::vector<std::string> events_;  // On the io_context's thread,
    std::vector<std::string> opened_;  // and on the loader's, never both at once.
    std::vector<std::string> answers_;
    std::string broken_;  // Cannot be opened.
    CardKeeper keeper_{
        io_,
        {.check =
             [](const std::string& path) {
                 return path == "wrong" ? Status(fail(Code::invalid_argument, "no xclbin"))
                                        : Status();
             },
         .open = [this](const std::string& path) -> Result<std::unique_ptr<provider::Card>> {
             opened_.push_back(path);
             if (path == broken_) {
                 return fail(Code::unavailable, "does not answer");
             }
             return std::make_unique<kit::FakeCard>();
         },
         .detach = [this] { events_.emplace_back("detach"); },
         .attach =
             [this](std::unique_ptr<provider::Card>) {
                 events_.emplace_back("attach");
                 return Status();
             }},
        kShort};
};

TEST_F(CardKeeperTest, a_wrong_file_leaves_what_runs) {
    load("a");
    load("wrong");
    EXPECT_EQ(answers_, (std::vector<std::string>{"ok", "no xclbin"}));
    EXPECT_EQ(events_, (std::vector<std::string>{"detach", "attach"}));
}

TEST_F(CardKeeperTest, a_card_that_is_lost_is_loaded_again) {
    load("a");
    keeper_.lost();
    ASSERT_TRUE(kit::run_until(io_, [&] { return events_.size() == 4; }));
    EXPECT_EQ(events_, (std::vector<std::string>{"detach", "attach", "detach", "attach"}));
    EXPECT_EQ(opened_, (std::vector<std::string>{"a", "a"}));
}

TEST_F(CardKeeperTest, what_cannot_be_loaded_gives_way_to_what_ran_before) {
    load("a");
    broken_ = "b";
    load("b");
    EXPECT_EQ(answers_.back(), "does not answer");
    ASSERT_TRUE(kit::run_until(io_, [&] { return events_.back() == "attach"; }));
    EXPECT_EQ(opened_, (std::vector<std::string>{"a", "b", "a"}));
}

TEST_F(CardKeeperTest, tries_are_bounded_and_an_operator_begins_anew) {
    load("a");
    broken_ = "a";
    keeper_.lost();
    ASSERT_TRUE(kit::run_until(io_, [&] { return opened_.size() == 6; }));
    io_.run_for(20ms);
    EXPECT_EQ(opened_.size(), 6U) << "the load and five tries";
    broken_.clear();
    load("a");
    EXPECT_EQ(answers_.back(), "ok");
    keeper_.lost();
    ASSERT_TRUE(kit::run_until(io_, [&] { return opened_.size() == 8; }));
}

TEST_F(CardKeeperTest, no_card_comes_after_the_end) {
    load("a");
    keeper_.lost();
    keeper_.stop();
    io_.restart();
    io_.run_for(20ms);
    EXPECT_EQ(opened_.size(), 1U);
    keeper_.load("a", told());
    EXPECT_EQ(answers_.back(), "the daemon is ending");
}

}  // namespace
}  // namespace fpvs::daemon
