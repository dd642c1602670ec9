// SPDX-License-Identifier: Apache-2.0
// The stock keepalived as a peer.
#pragma once

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/kit/child_process.hpp"
#include "tests/kit/test_namespace.hpp"

namespace fpvs::vrrp {

struct PeerOptions {
    int priority = 150;
    std::string password = "1111";
    std::string authentication = "PASS";
    int version = 2;
    std::string interval_s = "1";
    std::string address = "192.168.113.100";
    std::string more = {};   // Lines of the instance,
    std::string after = {};  // and after it.
};

// keepalived in a namespace of its own, with files in a folder that goes with it.
class Keepalived {
  public:
    Keepalived(const kit::TestNamespace& host, const PeerOptions& options)
        : folder_(std::filesystem::temp_directory_path() / (host.name() + "-keepalived")) {
        std::filesystem::create_directories(folder_);
        std::ofstream(path("conf"))
            << "vrrp_instance VI_1 {\n  state MASTER\n  interface eth0\n  version "
            << options.version << "\n  virtual_router_id 51\n  priority " << options.priority
            << "\n  advert_int " << options.interval_s << "\n  authentication {\n    auth_type "
            << options.authentication << "\n    auth_pass " << options.password << "\n  }\n"
            << options.more << "\n  virtual_ipaddress {\n    " << options.address << "\n  }\n}\n"
            << options.after;
        process_.emplace(std::vector<std::string>{"ip",
                                                  "netns",
                                                  "exec",
                                                  host.name(),
                                                  "keepalived",
                                                  "-n",
                                                  "-l",
                                                  "-D",
                                                  "-P",
                                                  "-f",
                                                  path("conf"),
                                                  "-p",
                                                  path("pid"),
                                                  "-r",
                                                  path("vrrp_pid")},
                         path("log"));
    }
    ~Keepalived() {
        kill();
        std::filesystem::remove_all(folder_);
    }
    // The VRRP child first: it would resign when its parent ends.
    void kill() {
        if (int child = 0; std::ifstream(path("vrrp_pid")) >> child && child > 1) {
            ::kill(child, SIGKILL);
        }
        process_->end(SIGKILL);
    }
    void terminate() { process_->signal(SIGTERM); }
    [[nodiscard]] bool logged(const std::string& words) const {
        std::stringstream text;
        text << std::ifstream(path("log")).rdbuf();
        return text.str().find(words) != std::string::npos;
    }

  private:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

    std::filesystem::path folder_;
    std::optional<kit::ChildProcess> process_;
};

}  // namespace fpvs::vrrp
