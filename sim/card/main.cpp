// SPDX-License-Identifier: Apache-2.0
// fpvs-simcard: the simulated card as a process.
#include <fmt/core.h>
#include <getopt.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sim/card/simcard.hpp"

namespace fpvs::sim::card {
namespace {

constexpr const char* kUsage =
    "usage: fpvs-simcard (--link-fd N [--keep PATH [--identity UUID]] | --listen PATH)\n"
    "                    [--port SPEC]...\n"
    "\n"
    "A SmartNIC in software: its gates, compiled by Verilator, with ports on this machine.\n"
    "  --link-fd N    serve the host program at the other end of socket N, and end with it\n"
    "  --keep PATH    if that vanishes without a word, go on for 60 s and wait for another one\n"
    "                 on a socket file; --identity says whose xclbin this is\n"
    "  --listen PATH  serve one host program after the other on a socket file\n"
    "  --port SPEC    what the next port is plugged into:\n"
    "                 tap:NAME[@NETNS], veth:NAME[@NETNS], pcap:IN,OUT or none\n"
    "\n"
    "Without --port, FPVS_SIMCARD_PORTS says it, as SPEC;SPEC.  The XRT shim starts the\n"
    "simulator of an xclbin by itself and passes that variable on.\n";

struct Options {
    int link_fd = -1;
    std::string listen_path;
    std::string keep_path;
    CardIdentity identity;
    std::string ports;
    bool help = false;
};

// A uuid's 32 hexadecimal digits.
Result<CardIdentity> parse_identity(std::string_view text) {
    constexpr std::size_t kHalf = 16;
    CardIdentity identity;
    const auto half = [&](std::size_t first, std::uint64_t& value) {
        const char* begin = text.data() + first;
        const auto [stop, error] = std::from_chars(begin, begin + kHalf, value, 16);
        return error == std::errc() && stop == begin + kHalf;
    };
    if (text.size() != 2 * kHalf || !half(0, identity.high) || !half(kHalf, identity.low)) {
        return fail(Code::invalid_argument, "'{}' is no uuid of 32 digits", text);
    }
    return identity;
}

Result<Options> parse(int count, char** words) {
    static const option kOptions[] = {{"link-fd", required_argument, nullptr, 'l'},
                                      {"listen", required_argument, nullptr, 's'},
                                      {"keep", required_argument, nullptr, 'k'},
                                      {"identity", required_argument, nullptr, 'i'},
                                      {"port", required_argument, nullptr, 'p'},
                                      {"help", no_argument, nullptr, 'h'},
                                      {nullptr, 0, nullptr, 0}};
    const char* environment = std::getenv("FPVS_SIMCARD_PORTS");
    Options options;
    for (int c = 0; (c = ::getopt_long(count, words, "h", kOptions, nullptr)) != -1;) {
        switch (c) {
            case 'l': {
                const std::string_view digits = optarg;
                const char* end = digits.data() + digits.size();
                const auto [stop, error] = std::from_chars(digits.data(), end, options.link_fd);
                if (error != std::errc() || stop != end || options.link_fd < 0) {
                    return fail(Code::invalid_argument, "'{}' is no descriptor", optarg);
                }
                break;
            }
            case 's':
                options.listen_path = optarg;
                break;
            case 'k':
                options.keep_path = optarg;
                break;
            case 'i': {
                FPVS_TRY(options.identity, parse_identity(optarg));
                break;
            }
            case 'p':
                options.ports += (options.ports.empty() ? "" : ";") + std::string(optarg);
                break;
            case 'h':
                options.help = true;
                return options;
            default:
                return fail(Code::invalid_argument, "see fpvs-simcard --help");
        }
    }
    if (optind != count || (options.link_fd >= 0) == !options.listen_path.empty()) {
        return fail(Code::invalid_argument,
                    "one of --link-fd and --listen is needed, see fpvs-simcard --help");
    }
    if (options.ports.empty() && environment != nullptr) {
        options.ports = environment;
    }
    return options;
}

// A socket file that a killed simulator left behind is no obstacle; any other file is.
Result<kernel::UniqueFd> listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(Error{Code::invalid_argument, "too long for a socket's path", path});
    }
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    struct stat present{};
    if (::stat(path.c_str(), &present) == 0 && S_ISSOCK(present.st_mode)) {
        ::unlink(path.c_str());
    }
    kernel::UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener.valid() ||
        ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 1) != 0) {
        return fail(
            Error{Code::unavailable, fmt::format("cannot listen: {}", std::strerror(errno)), path});
    }
    return listener;
}

// Until a host says farewell, or none comes in time.
Status outlive_host(Simcard& simcard, const std::string& path) {
    for (;;) {
        FPVS_TRY(auto listener, listen_at(path));
        FPVS_TRY(auto host, simcard.await_host(listener.get(), kOrphanTime));
        // Who else comes is told at once that there is nothing to have.
        listener = kernel::UniqueFd();
        ::unlink(path.c_str());
        if (!host.valid()) {
            return {};
        }
        FPVS_TRY(const auto parting, simcard.serve(std::move(host)));
        if (parting == Simcard::Parting::farewell) {
            return {};
        }
    }
}

Status run(const Options& options) {
    FPVS_TRY(const auto texts, split_ports(options.ports));
    std::vector<std::unique_ptr<Port>> ports;
    for (const std::string& text : texts) {
        FPVS_TRY(auto port, open_port(text));
        ports.push_back(std::move(port));
    }
    FPVS_TRY(const auto simcard, Simcard::create(std::move(ports), options.identity));
    if (options.link_fd >= 0) {
        FPVS_TRY(const auto parting, simcard->serve(kernel::UniqueFd(options.link_fd)));
        return parting == Simcard::Parting::farewell || options.keep_path.empty()
                   ? Status()
                   : outlive_host(*simcard, options.keep_path);
    }
    FPVS_TRY(const auto listener, listen_at(options.listen_path));
    for (;;) {
        FPVS_TRY(auto host, simcard->await_host(listener.get()));
        FPVS_TRY_STATUS(simcard->serve(std::move(host)));
    }
}

int simcard(int count, char** words) {
    // Nobody may be left who reads what it logs.
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = parse(count, words);
    if (options && options->help) {
        fmt::print("{}", kUsage);
        return 0;
    }
    const Status done = options ? run(*options) : Status(fail(options.error()));
    if (!done) {
        fmt::print(stderr, "fpvs-simcard: {}\n", done.error().text());
        return options ? 1 : 2;
    }
    return 0;
}

}  // namespace
}  // namespace fpvs::sim::card

int main(int count, char** words) {
    return fpvs::sim::card::simcard(count, words);
}
