// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/script_runner.hpp"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "drivers/kernel/script_security.hpp"
#include "drivers/kernel/spawn.hpp"
#include "drivers/kernel/unique_fd.hpp"
#include "host/util/log.hpp"

namespace fpvs::kernel {
namespace {

constexpr const char* kComponent = "script";
constexpr const char* kUsualUser = "keepalived_script";  // keepalived's, if there is one.
constexpr std::size_t kAccountBytes = 16384;             // Of a line of the user database.

struct Identity {
    uid_t user = 0;
    gid_t group = 0;
};

std::optional<Identity> find_user(const std::string& name) {
    std::vector<char> buffer(kAccountBytes);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
        return std::nullopt;
    }
    return Identity{.user = entry.pw_uid, .group = entry.pw_gid};
}

std::optional<gid_t> find_group(const std::string& name) {
    std::vector<char> buffer(kAccountBytes);
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
        return std::nullopt;
    }
    return entry.gr_gid;
}

// As whom a script runs: its own user, that of global_defs, keepalived's usual one, ours.
Result<Identity> identity_of(const model::Script& script, const model::ScriptDefaults& defaults) {
    const bool own = !script.user.empty();
    const std::string& user = own ? script.user : defaults.user;
    const std::string& group = own ? script.group : defaults.group;
    Identity identity{.user = ::geteuid(), .group = ::getegid()};
    if (!user.empty()) {
        const auto found = find_user(user);
        if (!found) {
            return fail(Code::not_found, "there is no user '{}'", user);
        }
        identity = *found;
    } else if (const auto usual = find_user(kUsualUser)) {
        identity = *usual;
    }
    if (!group.empty()) {
        const auto found = find_group(group);
        if (!found) {
            return fail(Code::not_found, "there is no group '{}'", group);
        }
        identity.group = *found;
    }
    return identity;
}

provider::ScriptEnd end_of(const siginfo_t& info) {
    using How = provider::ScriptEnd::How;
    return {.how = info.si_code == CLD_EXITED ? How::exited : How::killed,
            .number = info.si_status};
}

}  // namespace

struct ScriptRunner::Child {
    Child(boost::asio::io_context& io, pid_t id, std::string program)
        : pid(id), name(std::move(program)), end(io), timer(io) {}

    void signal(int number) const { ::kill(-pid, number); }

    const pid_t pid;
    const std::string name;
    boost::asio::posix::stream_descriptor end;  // A pidfd.
    boost::asio::steady_timer timer;
    std::shared_ptr<Done> done = {};
    bool told = false;  // The next that waits may start after it.
};

struct ScriptRunner::ChildRun final : Run {
    ChildRun(std::weak_ptr<ScriptRunner*> runner, model::Script what, Done when_done)
        : owner(std::move(runner)),
          script(std::move(what)),
          done(std::make_shared<Done>(std::move(when_done))) {}
    ~ChildRun() override {
        const bool over = *done == nullptr;
        *done = nullptr;
        if (const auto runner = owner.lock(); runner && !over) {
            std::erase((*runner)->queued_, this);
            if (child) {
                (*runner)->end_softly(child);
            }
        }
    }

    std::weak_ptr<ScriptRunner*> owner;
    const model::Script script;
    std::shared_ptr<Done> done;         // Nobody to tell any more: nullptr.
    std::shared_ptr<Child> child = {};  // None while it waits, or if it could not be started.
};

ScriptRunner::ScriptRunner(boost::asio::io_context& io, ScriptRunnerOptions options)
    : io_(io), options_(options), finish_timer_(io) {}

ScriptRunner::~ScriptRunner() {
    self_.reset();
    for (const auto& [pid, child] : children_) {
        child->signal(SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
    }
}

std::unique_ptr<provider::ScriptRunner::Run> ScriptRunner::start(const model::Script& script,
                                                                 Done done) {
    auto run = std::make_unique<ChildRun>(self_, script, std::move(done));
    if (children_.size() >= options_.running_max) {
        ++counters_.deferred;
        queued_.push_back(run.get());
    } else {
        launch(*run);
    }
    return run;
}

void ScriptRunner::launch(ChildRun& run) {
    auto child = spawn(run.script);
    if (!child) {
        boost::asio::post(io_, [told = run.done, reason = std::move(child.error().message)] {
            if (const Done done = std::exchange(*told, nullptr)) {
                done({.how = provider::ScriptEnd::How::not_started, .reason = reason});
            }
        });
        return;
    }
    run.child = *child;
    (*child)->done = run.done;
    watch(*child);
}

void ScriptRunner::tell(const model::Script& script) {
    if (waiting_.size() >= options_.waiting_max) {
        ++counters_.refused;
        log::warn(kComponent, "{} is not run: too many are waiting", script.arguments.front());
        return;
    }
    waiting_.push_back(script);
    tell_next();
}

// One after the other: what is told last is what counts.
void ScriptRunner::tell_next() {
    while (!telling_ && !waiting_.empty()) {
        const model::Script script = std::move(waiting_.front());
        waiting_.pop_front();
        auto child = spawn(script);
        if (!child) {
            log::warn(kComponent, "{}: {}", script.arguments.front(), child.error().message);
            continue;
        }
        telling_ = true;
        (*child)->told = true;
        (*child)->timer.expires_after(options_.tell_timeout);
        (*child)->timer.async_wait([weak = std::weak_ptr<ScriptRunner*>(self_),
                                    started = *child](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) {
                ++(*self)->counters_.timed_out;
                log::warn(kComponent, "{} takes too long and is ended", started->name);
                (*self)->end_softly(started);
            }
        });
        watch(*child);
    }
}

Result<std::vector<std::string>> ScriptRunner::command_line(const model::Script& script) const {
    FPVS_TRY(const auto program, find_program(script.arguments.front()));
    FPVS_TRY(const Identity identity, identity_of(script, defaults_));
    if (defaults_.security && identity.user == 0) {
        FPVS_TRY_STATUS(check_only_root_can_change(program));
    }
    std::vector<std::string> arguments;
    if (identity.user != ::geteuid() || identity.group != ::getegid()) {
        const std::string user = std::to_string(identity.user);
        arguments = {"/usr/bin/setpriv",
                     "--reuid=" + user,
                     "--regid=" + std::to_string(identity.group),
                     "--init-groups",
                     "--pdeathsig=TERM",
                     "--"};
    }
    arguments.push_back(program);
    arguments.insert(arguments.end(), script.arguments.begin() + 1, script.arguments.end());
    return arguments;
}

Result<std::shared_ptr<ScriptRunner::Child>> ScriptRunner::spawn(const model::Script& script) {
    auto arguments = command_line(script);
    if (!arguments) {
        ++counters_.not_started;
        return fail(std::move(arguments).error());
    }
    const auto pid = kernel::spawn(std::move(*arguments));
    if (!pid) {
        ++counters_.not_started;
        return fail(pid.error());
    }
    ++counters_.started;
    auto child = std::make_shared<Child>(io_, *pid, script.arguments.front());
    children_[*pid] = child;
    return child;
}

void ScriptRunner::watch(const std::shared_ptr<Child>& child) {
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child->pid, 0)));
    if (!pidfd.valid()) {
        // Without descriptors left there is no way to hear of its end: end it at once.
        child->signal(SIGKILL);
        boost::asio::post(io_, [weak = std::weak_ptr<ScriptRunner*>(self_), child] {
            if (const auto self = weak.lock()) {
                (*self)->on_end(child);
            }
        });
        return;
    }
    child->end.assign(pidfd.release());
    child->end.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [weak = std::weak_ptr<ScriptRunner*>(self_), child](const auto& error) {
                              if (const auto self = weak.lock(); self && !error) {
                                  (*self)->on_end(child);
                              }
                          });
}

void ScriptRunner::on_end(const std::shared_ptr<Child>& child) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child->pid), &info, WEXITED);
    children_.erase(child->pid);
    child->timer.cancel();
    boost::system::error_code ignored;
    child->end.close(ignored);
    if (child->told) {
        telling_ = false;
        tell_next();
        finish_now();
    }
    run_next();
    if (child->done) {
        if (const Done done = std::exchange(*child->done, nullptr)) {
            done(end_of(info));
        }
    }
}

void ScriptRunner::run_next() {
    while (!queued_.empty() && children_.size() < options_.running_max) {
        ChildRun& run = *queued_.front();
        queued_.pop_front();
        launch(run);
    }
}

void ScriptRunner::end_softly(const std::shared_ptr<Child>& child) {
    if (!children_.contains(child->pid)) {
        return;
    }
    child->signal(SIGTERM);
    child->timer.expires_after(options_.grace);
    child->timer.async_wait([weak = std::weak_ptr<ScriptRunner*>(self_),
                             child](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (self && !error && (*self)->children_.contains(child->pid)) {
            ++(*self)->counters_.killed;
            child->signal(SIGKILL);
        }
    });
}

void ScriptRunner::finish(std::chrono::milliseconds limit, std::function<void()> done) {
    finished_ = std::move(done);
    finish_timer_.expires_after(limit);
    finish_timer_.async_wait(
        [weak = std::weak_ptr<ScriptRunner*>(self_)](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) {
                (*self)->waiting_.clear();
                (*self)->telling_ = false;
                (*self)->finish_now();
            }
        });
    finish_now();
}

void ScriptRunner::finish_now() {
    if (finished_ && !telling_ && waiting_.empty()) {
        finish_timer_.cancel();
        std::exchange(finished_, nullptr)();
    }
}

}  // namespace fpvs::kernel
