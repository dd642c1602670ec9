// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/engine/pair.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/reference/translation.hpp"
#include "tests/parity/engine/translate.hpp"
#include "tests/parity/text.hpp"

namespace fpvs::parity {
namespace {

using Kind = Operation::Kind;

constexpr std::size_t kListed = 10'000;     // More than there are.
constexpr std::uint64_t kTickMs = 100;      // The engine's timers come up in these steps,
constexpr std::uint64_t kLatenessMs = 250;  // and so late at most.
constexpr std::uint64_t kStepMs = 4'000;    // The engine looks at its trash at least so often.

// --- Lists as text, equal if the lists are.

template <class Counters>
[[nodiscard]] std::string text(const Counters& c) {
    return fmt::format(
        "{} {} {} {} {}", c.connections, c.packets_in, c.bytes_in, c.packets_out, c.bytes_out);
}

[[nodiscard]] std::string text(const std::vector<reference::ServiceView>& services) {
    std::string all;
    for (const auto& service : services) {
        all += fmt::format("{}/{} mark {} {} [{}]\n",
                           to_text(reference::Endpoint{service.id.address, service.id.port}),
                           static_cast<int>(service.id.protocol),
                           service.id.mark,
                           service.scheduler,
                           text(service.counters));
        for (const auto& server : service.servers) {
            all += fmt::format("  {} weight {} connections {} {} {} [{}]\n",
                               to_text(reference::Endpoint{server.id.address, server.id.port}),
                               server.weight,
                               server.active,
                               server.inactive,
                               server.templates,
                               text(server.counters));
        }
    }
    return all;
}

[[nodiscard]] std::string text(const std::vector<model::ServiceView>& services) {
    std::string all;
    for (const auto& service : services) {
        const reference::Endpoint at = {to_reference(service.key.address), service.key.port};
        all += fmt::format("{}/{} mark {} {} [{}]\n",
                           to_text(at),
                           static_cast<int>(service.key.protocol),
                           service.key.firewall_mark,
                           service.settings.scheduler,
                           text(service.counters));
        for (const auto& server : service.servers) {
            const reference::Endpoint its = {to_reference(server.key.address), server.key.port};
            all += fmt::format("  {} weight {} connections {} {} {} [{}]\n",
                               to_text(its),
                               server.settings.weight,
                               server.active_connections,
                               server.inactive_connections,
                               server.persistent_connections,
                               text(server.counters));
        }
    }
    return all;
}

// A template by firewall mark has no virtual address: what a list shows in its place is not
// compared.
[[nodiscard]] std::string line(const reference::ConnectionView& c) {
    return fmt::format("{} {} mark {} {} > {} > {} > {} {} {}",
                       c.is_template ? "template" : "connection",
                       static_cast<int>(c.protocol),
                       c.mark,
                       to_text(c.client),
                       c.mark != 0 ? "" : to_text(c.service),
                       c.local.port == 0 ? "" : to_text(c.local),
                       to_text(c.server),
                       c.state,
                       c.expires_s);
}

[[nodiscard]] std::multiset<std::string> text(
    const std::vector<reference::ConnectionView>& connections) {
    std::multiset<std::string> lines;
    for (const auto& c : connections) {
        lines.insert(line(c));
    }
    return lines;
}

[[nodiscard]] std::multiset<std::string> text(
    const std::vector<model::ConnectionView>& connections) {
    std::multiset<std::string> lines;
    for (const auto& c : connections) {
        lines.insert(line({.is_template = c.template_entry,
                           .protocol = static_cast<reference::Protocol>(c.protocol),
                           .mark = c.firewall_mark,
                           .client = {to_reference(c.client_address), c.client_port},
                           .service = {to_reference(c.virtual_address), c.virtual_port},
                           .server = {to_reference(c.server_address), c.server_port},
                           .local = {to_reference(c.local_address), c.local_port},
                           .state = c.state,
                           .expires_s = c.expires_s}));
    }
    return lines;
}

[[nodiscard]] std::string only_in(const std::multiset<std::string>& lines,
                                  const std::multiset<std::string>& others,
                                  const char* who) {
    std::string all;
    for (const std::string& line : lines) {
        if (lines.count(line) != others.count(line)) {
            all += fmt::format("  only the {}: {}\n", who, line);
        }
    }
    return all;
}

template <class Answer>
[[nodiscard]] std::string differ(const Answer& ours, const Answer& models) {
    return ours == models ? "" : fmt::format("engine:    {}\nreference: {}", ours, models);
}

// --- Decisions as text.

[[nodiscard]] std::string text(const reference::Decision& decision, const Ends& ends) {
    constexpr std::array<const char*, 4> kFates = {"forward", "host", "drop", "reject"};
    std::string all = kFates[static_cast<std::size_t>(decision.fate)];
    if (decision.fate == reference::Fate::forward) {
        const reference::Endpoint server = {decision.server.address, decision.server.port};
        all +=
            fmt::format(" to the {} by {}, server {}, as {} > {}",
                        decision.direction == reference::Direction::to_server ? "server" : "client",
                        static_cast<int>(to_model(decision.forwarding)),
                        to_text(server),
                        to_text(ends.source),
                        to_text(ends.destination));
    }
    return all;
}

[[nodiscard]] std::string text(const engine::Verdict& verdict, const Ends& ends) {
    constexpr std::array<const char*, 4> kActions = {"forward", "host", "drop", "reject"};
    std::string all = kActions[static_cast<std::size_t>(verdict.action)];
    if (verdict.action == engine::Action::forward) {
        const reference::Endpoint server = {to_reference(verdict.server_address),
                                            verdict.server_port};
        all += fmt::format(" to the {} by {}, server {}, as {} > {}",
                           verdict.direction == engine::Direction::to_server ? "server" : "client",
                           static_cast<int>(verdict.forwarding),
                           to_text(server),
                           to_text(ends.source),
                           to_text(ends.destination));
    }
    return all;
}

// What the reference says in the packet's place.
[[nodiscard]] Ends ends_of(const reference::Packet& packet, const reference::Decision& decision) {
    Ends ends = {.source = {packet.source, packet.source_port},
                 .destination = {packet.destination, packet.destination_port}};
    if (decision.fate != reference::Fate::forward ||
        (decision.forwarding != reference::Forwarding::nat &&
         decision.forwarding != reference::Forwarding::full_nat)) {
        return ends;
    }
    const auto [source, destination] = reference::ends_for(decision);
    return {.source = source.value_or(ends.source),
            .destination = destination.value_or(ends.destination)};
}

}  // namespace

void Tally::count(const reference::Decision& decision) {
    switch (decision.fate) {
        case reference::Fate::forward:
            ++(decision.direction == reference::Direction::to_server ? to_server : to_client);
            break;
        case reference::Fate::host:
            ++to_host;
            break;
        case reference::Fate::drop:
            ++dropped;
            break;
        case reference::Fate::reject:
            ++rejected;
            break;
    }
}

void Tally::add(const Tally& other) {
    to_server += other.to_server;
    to_client += other.to_client;
    to_host += other.to_host;
    dropped += other.dropped;
    rejected += other.rejected;
}

Pair::Pair(std::size_t connections_max)
    : engine_({.connections_max = connections_max, .hash_seed = 5}) {
    model_.connections_max = engine_.connections_max();
    advance(0);
}

std::string Pair::play(const Operation& operation) {
    switch (operation.kind) {
        case Kind::wait:
            wait(operation.wait_ms);
            return {};
        case Kind::packet:
            return play_packet(operation.packet);
        case Kind::reply:
            return play_reply(operation);
        case Kind::error:
            return play_error(operation);
        default:
            return play_command(operation);
    }
}

std::string Pair::play_command(const Operation& operation) {
    const model::ServiceKey service = to_model(operation.service);
    const model::ServerKey server = to_model(operation.server);
    Status ours;
    std::string models;
    switch (operation.kind) {
        case Kind::add_service:
            ours = engine_.add_service(service, to_model(operation.service_settings));
            models = model_.add_service(operation.service, operation.service_settings);
            break;
        case Kind::edit_service:
            ours = engine_.edit_service(service, to_model(operation.service_settings));
            models = model_.edit_service(operation.service, operation.service_settings);
            break;
        case Kind::delete_service:
            ours = engine_.delete_service(service);
            models = model_.delete_service(operation.service);
            break;
        case Kind::add_server:
            ours = engine_.add_server(service, server, to_model(operation.server_settings));
            models =
                model_.add_server(operation.service, operation.server, operation.server_settings);
            break;
        case Kind::edit_server:
            ours = engine_.edit_server(service, server, to_model(operation.server_settings));
            models =
                model_.edit_server(operation.service, operation.server, operation.server_settings);
            break;
        case Kind::delete_server:
            ours = engine_.delete_server(service, server);
            models = model_.delete_server(operation.service, operation.server);
            break;
        case Kind::add_local_address: {
            const auto address = to_model(operation.local_address);
            return differ(engine_.add_local_address(service, address).has_value(),
                          model_.add_local_address(operation.service, operation.local_address));
        }
        case Kind::delete_local_address: {
            const auto address = to_model(operation.local_address);
            return differ(engine_.delete_local_address(service, address).has_value(),
                          model_.delete_local_address(operation.service, operation.local_address));
        }
        case Kind::zero: {
            const bool all = operation.number % 2 == 0;
            ours = engine_.zero(all ? std::nullopt : std::optional(service));
            models = model_.zero(all ? std::nullopt : std::optional(operation.service));
            break;
        }
        case Kind::set:
            return set(operation.setting, operation.value);
        case Kind::set_timeouts:
            engine_.set_timeouts(to_model(operation.timeouts));
            model_.timeouts = operation.timeouts;
            break;
        default:
            break;
    }
    settle();
    return differ(ours ? std::string() : ours.error().message, models);
}

std::string Pair::set(const std::string& name, int value) {
    const std::map<std::string, bool*> booleans = {
        {"expire_nodest_conn", &model_.switches.expire_nodest_conn},
        {"expire_quiescent_template", &model_.switches.expire_quiescent_template},
        {"sloppy_tcp", &model_.switches.sloppy_tcp},
        {"sloppy_sctp", &model_.switches.sloppy_sctp},
        {"nat_icmp_send", &model_.switches.nat_icmp_send}};
    const std::map<std::string, int*> numbers = {
        {"conn_reuse_mode", &model_.switches.conn_reuse_mode},
        {"secure_tcp", &model_.switches.secure_tcp},
        {"am_droprate", &model_.switches.am_droprate}};
    if (name == "drop_packet") {
        model_.set_drop_packet(value);
    } else if (const auto found = booleans.find(name); found != booleans.end()) {
        *found->second = value != 0;
    } else {
        *numbers.at(name) = value;
    }
    return engine_.set(name, value) ? "" : "the engine refuses the setting";
}

Ends Pair::ends_of(const engine::Packet& packet, const engine::Verdict& verdict) const {
    const bool translated = verdict.action == engine::Action::forward &&
                            (verdict.forwarding == model::Forwarding::nat ||
                             verdict.forwarding == model::Forwarding::full_nat);
    const engine::Translation to =
        translated ? engine_.translation(packet, verdict)
                   : engine::Translation{.source_address = packet.source_address,
                                         .source_port = packet.source_port,
                                         .destination_address = packet.destination_address,
                                         .destination_port = packet.destination_port};
    return {.source = {to_reference(to.source_address), to.source_port},
            .destination = {to_reference(to.destination_address), to.destination_port}};
}

std::string Pair::play_packet(const reference::Packet& packet) {
    if (model_.is_ambiguous(packet)) {
        return {};
    }
    const engine::Packet asked = to_engine(packet);
    const engine::Verdict ours = engine_.handle(asked, now());
    const Ends our_ends = ends_of(asked, ours);
    // The engine is free to choose FULLNAT's local endpoint; the reference says whether it may.
    model_.propose_local = [&]() -> std::optional<reference::Endpoint> {
        return ours.action == engine::Action::forward ? std::optional(our_ends.source)
                                                      : std::nullopt;
    };
    const reference::Decision models = model_.handle(packet);
    tally_.count(models);
    if (models.mistaken_local) {
        return fmt::format("the engine may not take {}", to_text(our_ends.source));
    }
    return differ(text(ours, our_ends), text(models, parity::ends_of(packet, models)));
}

std::string Pair::play_reply(const Operation& operation) {
    const auto connections = model_.connections();
    if (connections.empty()) {
        return {};
    }
    const auto& connection = connections[operation.number % connections.size()];
    if (connection.is_template ||
        connection.server.address.family != connection.client.address.family) {
        return {};  // No such packet comes by.
    }
    reference::Packet reply = operation.packet;
    if (reply.protocol != connection.protocol) {
        // What was drawn for another protocol means nothing here.
        reply = {.protocol = connection.protocol, .bytes = reply.bytes, .mark = reply.mark};
        reply.ack = reply.protocol == reference::Protocol::tcp;
    }
    reply.source = connection.server.address;
    reply.source_port = connection.server.port;
    const reference::Endpoint& towards =
        connection.local.port != 0 ? connection.local : connection.client;
    reply.destination = towards.address;
    reply.destination_port = towards.port;
    return play_packet(reply);
}

std::string Pair::play_error(const Operation& operation) {
    const reference::Packet& packet = operation.packet;
    if (model_.is_ambiguous(packet)) {
        return {};
    }
    const engine::Packet asked = to_engine(packet);
    const engine::Verdict ours = engine_.lookup(asked, now());
    const reference::Decision models = model_.look_up(packet);
    return differ(text(ours, ends_of(asked, ours)), text(models, parity::ends_of(packet, models)));
}

std::string Pair::compare_lists() {
    const std::string services = differ(text(engine_.services()), text(model_.services()));
    if (!services.empty()) {
        return services;
    }
    const auto ours = text(engine_.connections(0, kListed, now()).connections);
    const auto models = text(model_.connections());
    return only_in(ours, models, "engine") + only_in(models, ours, "reference");
}

// --- Time.

void Pair::wait(std::uint64_t wait_ms) {
    do {
        const std::uint64_t step = std::min(wait_ms, kStepMs);
        if (is_ambiguous_until(now_ms_ + step + 2 * kStepMs)) {
            stopped_ = true;
            return;
        }
        advance(step);
        wait_ms -= step;
    } while (wait_ms > 0);
    constexpr int kPatience = 4000;
    for (int i = 0; i < kPatience && between_two_answers(); ++i) {
        if (is_ambiguous_until(now_ms_ + 2 * kStepMs)) {
            stopped_ = true;
            return;
        }
        advance(kLatenessMs);
    }
}

void Pair::advance(std::uint64_t step_ms) {
    now_ms_ += step_ms;
    model_.advance(now_ms_);
    settle();
    watch_trash();
}

void Pair::settle() {
    while (engine_.expire(now(), 3)) {
    }
}

// After every step, because what the model has just forgotten it does not tell of any more.
void Pair::watch_trash() {
    constexpr std::uint64_t kTrashOldMs = 105'000;  // Forgotten after 120 s, soon or later.
    constexpr std::uint64_t kTrashSlackMs = 32'000;
    for (const std::uint64_t idle_ms : model_.trash_idle_ms()) {
        if (idle_ms > kTrashOldMs) {
            trash_certain_from_ms_ = now_ms_ + kTrashSlackMs;
        }
    }
}

// Something was due so lately that the engine may not have seen it, or the trash of one may have
// forgotten a server that the other still has.
bool Pair::between_two_answers() {
    return now_ms_ < trash_certain_from_ms_ || !same_connections();
}

bool Pair::same_connections() const {
    return text(engine_.connections(0, kListed, now()).connections) == text(model_.connections());
}

// A template and a connection end in the same tick until then: whether the template sees the
// connection's end first is nobody's rule.
bool Pair::is_ambiguous_until(std::uint64_t until_ms) const {
    std::set<std::uint64_t> templates;
    const auto deadlines = model_.deadlines();
    for (const auto& deadline : deadlines) {
        if (deadline.is_template && deadline.ms <= until_ms) {
            templates.insert(deadline.ms / kTickMs);
        }
    }
    return std::any_of(deadlines.begin(), deadlines.end(), [&](const auto& deadline) {
        return !deadline.is_template && templates.count(deadline.ms / kTickMs) == 1;
    });
}

// --- Sequences.

Played play(std::span<const Operation> operations,
            std::size_t connections_max,
            std::size_t lists_every) {
    Pair pair(connections_max);
    Played played;
    for (; played.operations < operations.size() && !pair.stopped(); ++played.operations) {
        const std::size_t number = played.operations;
        std::string difference = pair.play(operations[number]);
        const bool last = number + 1 == operations.size();
        if (difference.empty() && !pair.stopped() && (last || (number + 1) % lists_every == 0)) {
            difference = pair.compare_lists();
        }
        if (!difference.empty()) {
            played.failure = Failure{number, std::move(difference)};
            break;
        }
    }
    played.tally = pair.tally();
    return played;
}

}  // namespace fpvs::parity
