// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/port_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "hw/abi/limits.hpp"

namespace fpvs::daemon {
namespace {

constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ without its end.

struct Assignment {
    std::string_view interface;
    std::string_view driver;
    std::string_view rest;
};

// INTERFACE=DRIVER:REST
Result<Assignment> split(std::string_view option, std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::size_t colon = text.find(':', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || colon == std::string_view::npos) {
        return fail(
            Code::invalid_argument, "{} '{}': INTERFACE=DRIVER:DEVICE is expected", option, text);
    }
    const Assignment result{text.substr(0, equals),
                            text.substr(equals + 1, colon - equals - 1),
                            text.substr(colon + 1)};
    if (result.interface.empty() || result.interface.size() > kInterfaceNameMax) {
        return fail(Code::invalid_argument,
                    "{} '{}': an interface name has 1 to {} characters",
                    option,
                    text,
                    kInterfaceNameMax);
    }
    return result;
}

// DOMAIN:BUS:DEVICE.FUNCTION in full, as DPDK names such devices.
bool is_pci_address(std::string_view text) {
    constexpr std::string_view kShape = "xxxx:xx:xx.x";
    const auto fits = [](char shape, char given) {
        const bool hex = (given >= '0' && given <= '9') || (given >= 'a' && given <= 'f');
        return shape == 'x' ? hex : given == shape;
    };
    return text.size() == kShape.size() &&
           std::equal(kShape.begin(), kShape.end(), text.begin(), fits);
}

// How DPDK takes the devices that have a word of their own here; {0} makes the name unique.
struct Driver {
    std::string_view word;
    std::string_view devargs;
};
constexpr std::array kDrivers = {
    Driver{"af_packet", "net_af_packet{0},iface={1}"},
    // Busy polling by the kernel costs CPU time while idle and gave nothing when it was tried.
    Driver{"af_xdp", "net_af_xdp{0},iface={1},busy_budget=0"},
    Driver{"tap", "net_tap{0},iface={1}"},
};

Result<std::string> devargs_of(std::string_view text,
                               std::string_view driver,
                               std::string_view device,
                               std::size_t index) {
    if (driver == "dpdk") {
        return std::string(device);
    }
    if (driver == "pci") {
        if (!is_pci_address(device.substr(0, device.find(',')))) {
            return fail(Code::invalid_argument,
                        "--standby '{}': a PCI address such as 0000:3b:00.0 is expected",
                        text);
        }
        return std::string(device);
    }
    if (driver == "pcap") {
        const std::size_t comma = device.find(',');
        std::string devargs = fmt::format("net_pcap{},rx_pcap={}", index, device.substr(0, comma));
        if (comma != std::string_view::npos) {
            devargs += fmt::format(",tx_pcap={}", device.substr(comma + 1));
        }
        return devargs;
    }
    const auto found = std::find_if(kDrivers.begin(), kDrivers.end(), [=](const Driver& known) {
        return known.word == driver;
    });
    if (found == kDrivers.end()) {
        return fail(
            Code::invalid_argument,
            "--standby '{}': '{}' is no driver; af_packet, af_xdp, tap, pcap, pci and dpdk are",
            text,
            driver);
    }
    return fmt::format(fmt::runtime(found->devargs), index, device);
}

InterfacePlan& plan_of(std::vector<InterfacePlan>& plans, const std::string& interface) {
    const auto found = std::find_if(
        plans.begin(), plans.end(), [&](const auto& plan) { return plan.interface == interface; });
    return found != plans.end() ? *found : plans.emplace_back(InterfacePlan{interface, {}, {}});
}

}  // namespace

Result<CardPortOption> parse_card_port(std::string_view text) {
    FPVS_TRY(const Assignment assignment, split("--port", text));
    std::uint32_t number = 0;
    const char* end = assignment.rest.data() + assignment.rest.size();
    const auto [stop, error] = std::from_chars(assignment.rest.data(), end, number);
    if (assignment.driver != "card" || error != std::errc() || stop != end ||
        number >= abi::kPortsMax) {
        return fail(Code::invalid_argument,
                    "--port '{}': card:0 to card:{} is expected after '='",
                    text,
                    abi::kPortsMax - 1);
    }
    return CardPortOption{std::string(assignment.interface), number};
}

Result<StandbyOption> parse_standby(std::string_view text, std::size_t index) {
    FPVS_TRY(const Assignment assignment, split("--standby", text));
    StandbyOption option{.interface = std::string(assignment.interface),
                         .devargs = {},
                         .netns = {},
                         .is_pci = false};
    std::string_view device = assignment.rest;
    if (const std::size_t at = device.rfind('@'); at != std::string_view::npos) {
        option.netns = std::string(device.substr(at + 1));
        device = device.substr(0, at);
    }
    if (device.empty() || (option.netns && option.netns->empty())) {
        return fail(Code::invalid_argument,
                    "--standby '{}': a device, or a namespace after '@', "
                    "is missing",
                    text);
    }
    FPVS_TRY(option.devargs, devargs_of(text, assignment.driver, device, index));
    option.is_pci = is_pci_address(option.devargs.substr(0, option.devargs.find(',')));
    return option;
}

Result<std::vector<InterfacePlan>> plan_interfaces(const std::vector<CardPortOption>& ports,
                                                   const std::vector<StandbyOption>& standbys) {
    std::vector<InterfacePlan> plans;
    std::vector<std::uint32_t> used_ports;
    for (const CardPortOption& port : ports) {
        InterfacePlan& plan = plan_of(plans, port.interface);
        if (plan.card_port) {
            return fail(Code::invalid_argument, "--port: {} is given twice", port.interface);
        }
        if (std::count(used_ports.begin(), used_ports.end(), port.card_port) > 0) {
            return fail(Code::invalid_argument, "--port: card:{} is given twice", port.card_port);
        }
        plan.card_port = port.card_port;
        used_ports.push_back(port.card_port);
    }
    for (const StandbyOption& standby : standbys) {
        InterfacePlan& plan = plan_of(plans, standby.interface);
        if (plan.standby) {
            return fail(Code::invalid_argument, "--standby: {} is given twice", standby.interface);
        }
        plan.standby = standby;
    }
    return plans;
}

}  // namespace fpvs::daemon
