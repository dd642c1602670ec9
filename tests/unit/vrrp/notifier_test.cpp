// SPDX-License-Identifier: Apache-2.0
// The words are those that stock keepalived wrote in the same situations.
#include "host/vrrp/notifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/vrrp/fake_scripts.hpp"

namespace fpvs::vrrp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NotifierTest : public ::testing::Test {
  protected:
    static model::VrrpNotify scripts_of_all() {
        return {.any = {.arguments = {"/any"}},
                .master = {.arguments = {"/master", "now"}},
                .backup = {.arguments = {"/backup"}},
                .fault = {.arguments = {"/fault"}},
                .stop = {.arguments = {"/stop"}},
                .deleted = {.arguments = {"/deleted"}},
                .lower_priority = {.arguments = {"/lower"}}};
    }
    void tell(Event::Kind kind, State state = State::master) {
        notifier_.tell({.kind = kind,
                        .name = "VI_1",
                        .state = state,
                        .priority = 100,
                        .notify = std::make_shared<const model::VrrpNotify>(notify_)});
    }

    model::VrrpNotify notify_ = scripts_of_all();
    FakeScripts scripts_;
    std::vector<std::string> lines_;
    Notifier notifier_{scripts_, [this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(NotifierTest, tells_the_script_of_the_state_and_then_the_one_of_all_states) {
    tell(Event::Kind::state);
    tell(Event::Kind::state, State::backup);
    tell(Event::Kind::state, State::fault);
    tell(Event::Kind::stopped);
    EXPECT_THAT(lines_,
                ElementsAre("INSTANCE \"VI_1\" MASTER 100\n",
                            "INSTANCE \"VI_1\" BACKUP 100\n",
                            "INSTANCE \"VI_1\" FAULT 100\n",
                            "INSTANCE \"VI_1\" STOP 100\n"));
    EXPECT_THAT(scripts_.told,
                ElementsAre("/master now",
                            "/any INSTANCE VI_1 MASTER 100",
                            "/backup",
                            "/any INSTANCE VI_1 BACKUP 100",
                            "/fault",
                            "/any INSTANCE VI_1 FAULT 100",
                            "/stop",
                            "/any INSTANCE VI_1 STOP 100"));
}

TEST_F(NotifierTest, tells_of_a_group_by_its_name_and_priority_0) {
    notifier_.tell({.of_group = true,
                    .name = "VG",
                    .state = State::master,
                    .notify = std::make_shared<const model::VrrpNotify>(notify_)});
    EXPECT_THAT(lines_, ElementsAre("GROUP \"VG\" MASTER 0\n"));
    EXPECT_THAT(scripts_.told, ElementsAre("/master now", "/any GROUP VG MASTER 0"));
}

TEST_F(NotifierTest, deleted_instance_is_a_fault_unless_asked_otherwise) {
    tell(Event::Kind::deleted);
    notify_.tells_deleted = true;
    tell(Event::Kind::deleted);
    EXPECT_THAT(lines_,
                ElementsAre("INSTANCE \"VI_1\" FAULT 100\n", "INSTANCE \"VI_1\" DELETED 100\n"));
    EXPECT_THAT(scripts_.told,
                ElementsAre("/fault",
                            "/any INSTANCE VI_1 FAULT 100",
                            "/deleted",
                            "/any INSTANCE VI_1 DELETED 100"));
}

TEST_F(NotifierTest, lower_master_has_a_script_of_its_own_only) {
    tell(Event::Kind::lower_priority);
    EXPECT_THAT(lines_, ElementsAre("INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 100\n"));
    EXPECT_THAT(scripts_.told, ElementsAre("/lower"));
}

TEST_F(NotifierTest, priorities_and_reloads_are_told_where_wanted_to_fifos_only) {
    tell(Event::Kind::priority);
    tell(Event::Kind::reloaded);
    EXPECT_THAT(lines_, IsEmpty());
    notify_.tells_priority = true;
    notifier_.tell_reloads(true);
    tell(Event::Kind::priority);
    tell(Event::Kind::priority, State::backup);
    tell(Event::Kind::reloaded);
    EXPECT_THAT(lines_,
                ElementsAre("INSTANCE \"VI_1\" MASTER_PRIORITY 100\n",
                            "INSTANCE \"VI_1\" BACKUP_PRIORITY 100\n",
                            "INSTANCE \"VI_1\" MASTER 100\n"));
    EXPECT_THAT(scripts_.told, IsEmpty());
}

}  // namespace
}  // namespace fpvs::vrrp
