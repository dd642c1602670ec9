// SPDX-License-Identifier: Apache-2.0
#include "drivers/frr/vtysh.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "drivers/kernel/spawn.hpp"
#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::frr {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBytes = 16384;

// The last line that says something: vtysh's complaints are the last it prints.
std::string last_line(std::string_view text) {
    constexpr std::string_view kEnds = "\r\n \t";
    const std::size_t last = text.find_last_not_of(kEnds);
    if (last == std::string_view::npos) {
        return {};
    }
    text = text.substr(0, last + 1);
    const std::size_t before = text.find_last_of('\n');
    return std::string(before == std::string_view::npos ? text : text.substr(before + 1));
}

}  // namespace

// From its start until it is waited for; its handlers keep it alive.
class Vtysh::Process : public std::enable_shared_from_this<Vtysh::Process> {
  public:
    Process(asio::io_context& io, const VtyshOptions& options, Done done)
        : options_(options), done_(std::move(done)), output_(io), end_(io), timer_(io) {}

    [[nodiscard]] Status start(std::vector<std::string> arguments) {
        std::array<int, 2> ends{-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            return fail(Code::unavailable, "no pipe: {}", std::strerror(errno));
        }
        kernel::UniqueFd read_end(ends[0]);
        const kernel::UniqueFd write_end(ends[1]);
        FPVS_TRY(pid_, kernel::spawn(std::move(arguments), write_end.get()));
        kernel::UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
        if (!pidfd.valid()) {
            // Without descriptors left there is no way to hear of its end.
            ::kill(-pid_, SIGKILL);
            siginfo_t info{};
            ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
            return fail(Code::exhausted, "no file descriptor is left");
        }
        running_ = true;
        output_.assign(read_end.release());
        end_.assign(pidfd.release());
        timer_.expires_after(options_.timeout);
        timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (!error) {
                self->give_up("no answer in time");
            }
        });
        read();
        return {};
    }

    // Of one that could not be started.
    void refuse(const Error& error) { tell(fail(error)); }

    void forget() {
        done_ = nullptr;
        give_up("");
    }

  private:
    void read() {
        output_.async_read_some(
            asio::buffer(buffer_),
            [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                self->text_.append(self->buffer_.data(), bytes);
                if (self->text_.size() > self->options_.output_bytes_max) {
                    self->text_.clear();
                    self->give_up("it prints too much");
                }
                if (error) {
                    self->await_end();  // All that it printed is here.
                } else {
                    self->read();
                }
            });
    }

    void await_end() {
        end_.async_wait(
            asio::posix::descriptor_base::wait_read,
            [self = shared_from_this()](const boost::system::error_code&) { self->on_end(); });
    }

    void give_up(const char* reason) {
        if (running_ && !gave_up_) {
            gave_up_ = reason;
            ::kill(-pid_, SIGKILL);
        }
    }

    void on_end() {
        timer_.cancel();
        running_ = false;
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
        if (gave_up_) {
            tell(fail(Code::unavailable, "{}: {}", options_.program, *gave_up_));
        } else if (info.si_code != CLD_EXITED || info.si_status != 0) {
            tell(fail(Code::unavailable, "{}: {}", options_.program, last_line(text_)));
        } else {
            tell(std::move(text_));
        }
    }

    void tell(Result<std::string> output) {
        if (const Done done = std::exchange(done_, nullptr)) {
            done(std::move(output));
        }
    }

    const VtyshOptions options_;
    Done done_;  // Nobody to tell any more: nullptr.
    pid_t pid_ = 0;
    bool running_ = false;
    asio::posix::stream_descriptor output_;
    asio::posix::stream_descriptor end_;  // A pidfd.
    asio::steady_timer timer_;
    std::array<char, kReadBytes> buffer_{};
    std::string text_;
    std::optional<std::string> gave_up_;
};

class Vtysh::ProcessRun final : public Run {
  public:
    explicit ProcessRun(std::shared_ptr<Process> process) : process_(std::move(process)) {}
    ~ProcessRun() override { process_->forget(); }

  private:
    const std::shared_ptr<Process> process_;
};

std::unique_ptr<provider::RoutingShell::Run> Vtysh::run(const std::vector<std::string>& commands,
                                                        Done done) {
    // No history in root's home.
    std::vector<std::string> arguments = {
        options_.program, "-d", "bgpd", "--histfile", "/dev/null"};
    if (!options_.vty_socket.empty()) {
        arguments.insert(arguments.end(), {"--vty_socket", options_.vty_socket});
    }
    for (const std::string& command : commands) {
        arguments.insert(arguments.end(), {"-c", command});
    }
    auto process = std::make_shared<Process>(io_, options_, std::move(done));
    auto run = std::make_unique<ProcessRun>(process);
    if (const Status status = process->start(std::move(arguments)); !status) {
        asio::post(io_, [process, error = status.error()] { process->refuse(error); });
    }
    return run;
}

}  // namespace fpvs::frr
