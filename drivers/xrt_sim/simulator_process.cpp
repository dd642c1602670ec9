// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/simulator_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/card/link/protocol.hpp"

namespace fpvs::xrt_sim {
namespace {

constexpr std::chrono::milliseconds kStartTimeout{10000};

// What the keeper or the child says when there will be no simulator; silence is success.
struct StartFailure {
    enum class Step : int { fork, execute } step;
    int error;
};

tl::unexpected<Error> failed(const char* what, int error) {
    return fail(Code::unavailable, "cannot {}: {}", what, std::strerror(error));
}

// The executable as a file without a name.
Result<kernel::UniqueFd> make_image(std::span<const char> executable) {
    kernel::UniqueFd image(::memfd_create("fpvs-simcard", MFD_CLOEXEC));
    if (!image.valid()) {
        return failed("make a file for the simulator", errno);
    }
    while (!executable.empty()) {
        const ssize_t written = ::write(image.get(), executable.data(), executable.size());
        if (written < 0 && errno != EINTR) {
            return failed("copy the simulator", errno);
        }
        executable = executable.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return image;
}

// Only async-signal-safe calls from here on: the host has other threads.
void reset_signals() {
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &plain, nullptr);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become_simulator(
    int executable, const SimulatorProcess::Keep* keep, int link, int report, pid_t host) {
    constexpr int kFirstFree = SimulatorProcess::kLinkFd + 1;
    if (keep == nullptr) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    if (::getppid() != host) {
        ::_exit(127);  // The host died before we asked to die with it.
    }
    ::setpgid(0, 0);
    reset_signals();
    // Out of the way of kLinkFd, wherever they are.
    executable = ::fcntl(executable, F_DUPFD_CLOEXEC, kFirstFree);
    report = ::fcntl(report, F_DUPFD_CLOEXEC, kFirstFree);
    link = ::fcntl(link, F_DUPFD_CLOEXEC, kFirstFree);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, STDIN_FILENO);
    ::dup2(link, SimulatorProcess::kLinkFd);
    ::close_range(kFirstFree, ~0U, CLOSE_RANGE_CLOEXEC);

    char name[] = "fpvs-simcard";
    char number[] = {'0' + SimulatorProcess::kLinkFd, '\0'};
    const auto word = [](const char* text) { return const_cast<char*>(text); };
    char* const arguments[] = {name,
                               word(sim::card::kLinkFdOption),
                               number,
                               keep != nullptr ? word(sim::card::kKeepOption) : nullptr,
                               keep != nullptr ? word(keep->path.c_str()) : nullptr,
                               word(sim::card::kIdentityOption),
                               keep != nullptr ? word(keep->identity.c_str()) : nullptr,
                               nullptr};
    ::fexecve(executable, arguments, environ);
    const StartFailure failure{.step = StartFailure::Step::execute, .error = errno};
    const ssize_t ignored = ::write(report, &failure, sizeof failure);
    ::_exit(ignored == sizeof failure ? 126 : 127);
}

std::string describe(const siginfo_t& status) {
    if (status.si_code == CLD_EXITED) {
        return fmt::format("ended with status {}", status.si_status);
    }
    return fmt::format(
        "was killed by signal {} ({})", status.si_status, ::strsignal(status.si_status));
}

// Waits until the child runs, or for the reason why it does not.
Status await_start(int report) {
    pollfd ready{.fd = report, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(kStartTimeout.count())) <= 0) {
        return fail(
            Code::unavailable, "the simulator did not start within {} ms", kStartTimeout.count());
    }
    StartFailure failure{};
    if (::read(report, &failure, sizeof failure) != sizeof failure) {
        return {};
    }
    return failed(failure.step == StartFailure::Step::fork ? "start a process for the simulator"
                                                           : "execute the xclbin's simulator",
                  failure.error);
}

}  // namespace

Result<std::unique_ptr<SimulatorProcess>> SimulatorProcess::start(std::span<const char> executable,
                                                                  std::optional<Keep> keep) {
    FPVS_TRY(kernel::UniqueFd image, make_image(executable));
    int link[2] = {-1, -1};
    int report[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) != 0) {
        return failed("make the link to the simulator", errno);
    }
    std::unique_ptr<SimulatorProcess> process(new SimulatorProcess);
    process->link_ = kernel::UniqueFd(link[0]);
    kernel::UniqueFd child_link(link[1]);
    if (::pipe2(report, O_CLOEXEC) != 0) {
        return failed("watch the start of the simulator", errno);
    }
    const kernel::UniqueFd reader(report[0]);
    // The keeper must not be the thread on which the host's signals are delivered.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    process->keeper_ = std::thread([self = process.get(),
                                    image = std::move(image),
                                    keep = std::move(keep),
                                    child_link = std::move(child_link),
                                    writer = kernel::UniqueFd(report[1])]() mutable {
        self->watch(std::move(image), keep, std::move(child_link), std::move(writer));
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (Status started = await_start(reader.get()); !started) {
        return fail(std::move(started).error());
    }
    return process;
}

void SimulatorProcess::watch(kernel::UniqueFd executable,
                             const std::optional<Keep>& keep,
                             kernel::UniqueFd child_link,
                             kernel::UniqueFd report) {
    const pid_t host = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        become_simulator(
            executable.get(), keep ? &*keep : nullptr, child_link.get(), report.get(), host);
    }
    const int error = errno;
    executable = kernel::UniqueFd();
    child_link = kernel::UniqueFd();
    {
        const std::lock_guard lock(mutex_);
        pid_ = child;
        if (child < 0) {
            ended_ = "never began";
        }
    }
    if (child < 0) {
        const StartFailure failure{.step = StartFailure::Step::fork, .error = error};
        const ssize_t ignored = ::write(report.get(), &failure, sizeof failure);
        static_cast<void>(ignored);
        return;
    }
    report = kernel::UniqueFd();
    siginfo_t status{};
    while (::waitid(P_PID, static_cast<id_t>(child), &status, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    // Until it is reaped its pid names nobody else, so reaping and noting it is one step.
    const std::lock_guard lock(mutex_);
    ::waitpid(child, nullptr, WNOHANG);
    ended_ = status.si_pid == child ? describe(status) : "ended";
    changed_.notify_all();
}

std::optional<std::string> SimulatorProcess::wait_ended(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return ended_.has_value(); });
    return ended_;
}

pid_t SimulatorProcess::pid() {
    const std::lock_guard lock(mutex_);
    return pid_;
}

void SimulatorProcess::end() {
    if (!keeper_.joinable()) {
        return;
    }
    link_ = kernel::UniqueFd();
    if (!wait_ended(kGrace)) {
        const std::lock_guard lock(mutex_);
        if (!ended_ && pid_ > 0) {
            ::kill(pid_, SIGKILL);
        }
    }
    keeper_.join();
}

}  // namespace fpvs::xrt_sim
