// SPDX-License-Identifier: Apache-2.0
#include "host/config/vrrp_notify_reader.hpp"

#include <array>
#include <string>

#include "host/config/script_reader.hpp"
#include "host/config/values.hpp"

namespace fpvs::config {
namespace {

template <model::Script model::VrrpNotify::* Which>
void read_notify(const Statement& statement, model::VrrpNotify& notify, Diagnostics& diagnostics) {
    notify.*Which = read_script(statement, diagnostics);
}

void read_deleted(const Statement& statement, model::VrrpNotify& notify, Diagnostics& diagnostics) {
    notify.tells_deleted = true;
    if (statement.words.size() > 1) {
        notify.deleted = read_script(statement, diagnostics);
    }
}

void read_priority_changes(const Statement& statement,
                           model::VrrpNotify& notify,
                           Diagnostics& diagnostics) {
    notify.tells_priority = read_flag(statement, diagnostics);
}

void read_mail(const Statement& statement, model::VrrpNotify&, Diagnostics& diagnostics) {
    if (read_flag(statement, diagnostics)) {
        diagnostics.warning(statement.keyword().position,
                            "'smtp_alert': FPVS sends no mail; a script of 'notify' can");
    }
}

constexpr auto kNotifyKeywords = std::to_array<Keyword<model::VrrpNotify>>({
    {.name = "notify", .read = read_notify<&model::VrrpNotify::any>},
    {.name = "notify_master", .read = read_notify<&model::VrrpNotify::master>},
    {.name = "notify_backup", .read = read_notify<&model::VrrpNotify::backup>},
    {.name = "notify_fault", .read = read_notify<&model::VrrpNotify::fault>},
    {.name = "notify_stop", .read = read_notify<&model::VrrpNotify::stop>},
    {.name = "notify_deleted", .read = read_deleted},
    {.name = "notify_master_rx_lower_pri", .read = read_notify<&model::VrrpNotify::lower_priority>},
    {.name = "notify_priority_changes", .read = read_priority_changes},
    {.name = "smtp_alert", .read = read_mail},
});

template <std::string model::VrrpFifos::* Which>
void read_fifo(const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
    if (const Word* const word = single_value(statement, diagnostics)) {
        config.vrrp_fifos.*Which = word->text;
    }
}

constexpr auto kFifoKeywords = std::to_array<Keyword<model::Config>>({
    {.name = "notify_fifo", .read = read_fifo<&model::VrrpFifos::all>},
    {.name = "vrrp_notify_fifo", .read = read_fifo<&model::VrrpFifos::vrrp>},
    {.name = "fifo_write_vrrp_states_on_reload",
     .read =
         [](const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             config.vrrp_fifos.tells_on_reload = true;
         }},
});

}  // namespace

std::span<const Keyword<model::VrrpNotify>> vrrp_notify_keywords() {
    return kNotifyKeywords;
}

std::span<const Keyword<model::Config>> vrrp_fifo_keywords() {
    return kFifoKeywords;
}

}  // namespace fpvs::config
