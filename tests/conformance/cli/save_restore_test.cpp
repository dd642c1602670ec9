// SPDX-License-Identifier: Apache-2.0
// `fpvsadm save`, `-C` and all else undone, `-R`: the engine is again as it was.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "host/cli/run.hpp"
#include "host/control/dispatcher.hpp"
#include "tests/conformance/cli/recording.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {
namespace {

// A daemon without packets, and fpvsadm in front of it.
class Director {
  public:
    std::string type(const std::string& words, const std::string& input = "") {
        kit::TableNames names;
        std::istringstream in(input);
        std::ostringstream out;
        std::ostringstream err;
        cli::Environment environment{
            .socket_path = server_.path(), .names = names, .in = in, .out = out, .err = err};
        const int exit_code = cli::run(words_of("ipvsadm " + words), environment);
        EXPECT_EQ(exit_code, 0) << words;
        EXPECT_EQ(err.str(), "") << words;
        return out.str();
    }

  private:
    kit::EngineOperations operations_;
    control::Dispatcher dispatcher_{operations_};
    kit::ControlServer server_{dispatcher_};
};

TEST(SaveRestore, loses_nothing) {
    Director director;
    for (const char* command :
         {"-A -t 10.0.0.1:80 -s sh -b sh-port,flag-3 -p 60 -M 255.255.255.0",
          "-a -t 10.0.0.1:80 -r 10.1.0.2:8080 -m -w 3 -x 20 -y 10",
          "-a -t 10.0.0.1:80 -r 10.1.0.1 -i --tun-type gue --tun-port 6080 --tun-remcsum",
          "-A -u [2001:db8::1]:53 -s rr -p 50 -M 64 --pe sip -o",
          "-a -u [2001:db8::1]:53 -r [2001:db8::2]:53",
          "-a -u [2001:db8::1]:53 -r 10.1.0.1 -i --tun-type gre --tun-csum",
          "-A --sctp-service 10.0.0.1:3868 -s mh -b mh-fallback",
          "-A -f 5 -s wrr",
          "-A -f 5 -6 -s wrr",
          "-a -f 5 -6 -r 2001:db8::2 -m",
          "-A -t 10.0.0.1:443 -s rr --client-address toa",
          "-a -t 10.0.0.1:443 -r 10.1.0.2:8443 -b",
          "-P -t 10.0.0.1:443 -z 10.1.0.9",
          "-P -t 10.0.0.1:443 -z 10.1.0.8",
          "--set 800 60 30",
          "--start-daemon backup --mcast-interface d1 --syncid 7 --mcast-ttl 3",
          "set expire_nodest_conn 1",
          "mark add 5 source 2001:db8::/32 protocol sctp port 80-90",
          "mark add 5 destination 10.0.0.0/8 interface ens160 vlan 12"}) {
        director.type(command);
    }
    const std::string saved = director.type("save");
    Director another;
    EXPECT_NE(another.type("save"), saved);
    EXPECT_EQ(another.type("-R", saved), "");
    EXPECT_EQ(another.type("save"), saved);
    EXPECT_EQ(another.type("-Ln --thresholds"), director.type("-Ln --thresholds"));
}

}  // namespace
}  // namespace fpvs::test
