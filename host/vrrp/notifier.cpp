// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/notifier.hpp"

#include <string>

namespace fpvs::vrrp {
namespace {

const model::Script& script_of_state(const model::VrrpNotify& notify, State state) {
    switch (state) {
        case State::master:
            return notify.master;
        case State::backup:
            return notify.backup;
        case State::initialize:
        case State::fault:
            break;
    }
    return notify.fault;
}

// That of the event alone; `notify` is for all.  Null: it has none.
const model::Script* script_for(const Event& event) {
    const model::VrrpNotify& notify = *event.notify;
    switch (event.kind) {
        case Event::Kind::state:
            return &script_of_state(notify, event.state);
        case Event::Kind::stopped:
            return &notify.stop;
        case Event::Kind::deleted:
            return notify.tells_deleted ? &notify.deleted : &notify.fault;
        case Event::Kind::lower_priority:
            return &notify.lower_priority;
        case Event::Kind::priority:
        case Event::Kind::reloaded:
            break;
    }
    return nullptr;
}

bool is_transition(const Event& event) {
    return event.kind == Event::Kind::state || event.kind == Event::Kind::stopped ||
           event.kind == Event::Kind::deleted;
}

// With keepalived's four words after its own.
model::Script with_words(model::Script script, const Event& event) {
    script.arguments.emplace_back(event.of_group ? "GROUP" : "INSTANCE");
    script.arguments.push_back(event.name);
    script.arguments.emplace_back(word(event));
    script.arguments.push_back(std::to_string(event.priority));
    return script;
}

}  // namespace

void Notifier::tell(const Event& event) {
    const bool unwanted = (event.kind == Event::Kind::priority && !event.notify->tells_priority) ||
                          (event.kind == Event::Kind::reloaded && !tells_reloads_);
    if (unwanted) {
        return;
    }
    fifo_(fifo_line(event));
    if (const model::Script* const script = script_for(event);
        script != nullptr && script->given()) {
        scripts_.tell(*script);
    }
    if (event.notify->any.given() && is_transition(event)) {
        scripts_.tell(with_words(event.notify->any, event));
    }
}

}  // namespace fpvs::vrrp
