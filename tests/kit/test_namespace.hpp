// SPDX-License-Identifier: Apache-2.0
// A network namespace of a test's own, gone with the object.
//
// Names start with fpvs-t-<pid>-, so that what a crashed run left behind can be told and removed.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace fpvs::kit {

// Runs a shell command and insists that it works: a lab that is half built proves nothing.  The
// exception fails the test and lets destructors take down what stands.
inline void shell(const std::string& command) {
    if (std::system(command.c_str()) != 0) {
        throw std::runtime_error("failed: " + command);
    }
}

class TestNamespace {
  public:
    explicit TestNamespace(const std::string& suffix)
        : name_("fpvs-t-" + std::to_string(::getpid()) + "-" + suffix) {
        shell("ip netns add " + name_ + " && ip -n " + name_ + " link set lo up");
    }
    ~TestNamespace() { (void)std::system(("ip netns del " + name_).c_str()); }
    TestNamespace(const TestNamespace&) = delete;
    TestNamespace& operator=(const TestNamespace&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    // `ip -n NAME arguments`.
    void ip(const std::string& arguments) const { shell("ip -n " + name_ + " " + arguments); }
    // A command inside.
    void run(const std::string& command) const { shell("ip netns exec " + name_ + " " + command); }

  private:
    std::string name_;
};

}  // namespace fpvs::kit

// Namespaces need root; a test without says so instead of failing.
#define FPVS_NEEDS_ROOT()                                                     \
    if (::geteuid() != 0) {                                                   \
        GTEST_SKIP() << "needs root, to make network namespaces and devices"; \
    }                                                                         \
    static_assert(true, "a semicolon follows")
