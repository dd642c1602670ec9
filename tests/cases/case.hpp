// SPDX-License-Identifier: Apache-2.0
// A case: a setup, frames in, and for each what must come of it.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/kit/dataplane.hpp"

namespace fpvs::cases {

struct Step {
    std::string what;  // A few words, for failures.
    kit::Received in;
    abi::Reason reason{};
    std::optional<std::uint16_t> service;  // That the punt header names, and that is counted.
    std::optional<kit::Sent> out;          // For a forwarded frame.
    std::optional<std::uint16_t> server;   // That is counted.
    std::optional<kit::FlowNews> end;      // The event that a FIN or RST causes.
    std::optional<kit::FlowNews> learned;  // The event of a choice of the card's.
};

struct Case {
    std::string name;
    kit::Setup setup;
    std::vector<Step> steps;
};

// For GoogleTest's messages.
inline void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name;
}

// Empty if the dataplane does what the case says: verdict and reason, bytes out, events, and the
// change of every counter.  Else what it did.
std::string run_case(kit::Dataplane& dataplane, const Case& one);

// All cases that are written by hand.
std::vector<Case> catalogue();
std::vector<Case> method_cases();  // Of them: NAT, FULLNAT, tunnels; IPv6 and SCTP.
std::vector<Case> steer_cases();   // Of them: what the card schedules.

// Those that a real IPVS recorded; reads tests/data/pkt, so the program runs in the tree's root.
std::vector<Case> golden_cases();

}  // namespace fpvs::cases
