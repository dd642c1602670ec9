// SPDX-License-Identifier: Apache-2.0
// What the card's tables hold, as the card was told it: its writes are blind.  In a KeptFile, so
// that the next process can go on with a card that forwards while nobody is there.
//
// Each command is noted before it is given to the card.  After a death at any instruction the card
// has taken a number of commands that it tells itself (provider::CardPast), and the ledger has the
// rest of them, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/offload/card_tables.hpp"
#include "host/offload/next_hop_table.hpp"
#include "host/provider/card.hpp"
#include "host/provider/card_past.hpp"
#include "host/util/kept_file.hpp"
#include "host/util/result.hpp"

namespace fpvs::offload {

class CardLedger {
  public:
    // Of a card whose tables are empty, or of one whose tables nobody knows.
    enum class Begin : std::uint8_t { empty, unknown };

    [[nodiscard]] static Result<CardLedger> create(const std::string& path,
                                                   const TableSizes& sizes,
                                                   Begin begin);
    // What another process has left, as a copy.
    [[nodiscard]] static Result<CardLedger> open(const std::string& path);

    // --- For who gives commands to the card.
    // The card, its command ring, and the key that its flows are found by; what follows is about
    // them.
    void begin(const provider::Bitstream& bitstream, std::uint64_t command_base, abi::HashKey key);
    // This is the next command.
    void note(const CommandRecord& command);
    // The same, but false, and nothing noted, if the card has exactly this already.
    [[nodiscard]] bool note_change(const CommandRecord& command);
    void note_hop(std::uint16_t number, const NextHopKey& key, const model::IpAddress& target);
    void note_server(engine::ServerIndex server,
                     engine::ServiceIndex service,
                     const model::ServerKey& key);
    // All of another ledger's tables, for a card that goes on with them.
    void go_on_from(const CardLedger& before);
    // This is what open() finds from now on.
    [[nodiscard]] Status commit() { return file_->commit(); }

    // --- For who finds one.
    // Why this is not what the card has; nothing: it is, with the commands that are left below.
    [[nodiscard]] std::optional<std::string> mismatch(const std::string& uuid,
                                                      const TableSizes& sizes,
                                                      const provider::CardPast& past) const;
    // Noted, but the card was never told of them: its tables want them first of all, in order.
    // They may be unnoted in the tables, and are noted there now.
    [[nodiscard]] std::vector<CommandRecord> take_untold(const provider::CardPast& past);

    // The xclbin, so that it can be found again.
    [[nodiscard]] std::string bitstream_path() const;
    [[nodiscard]] abi::HashKey hash_key() const { return state().key; }
    [[nodiscard]] std::uint32_t version() const { return state().version; }
    [[nodiscard]] std::uint32_t epoch() const { return state().epoch; }
    [[nodiscard]] bool was_told_of_hop(std::uint16_t number) const;
    [[nodiscard]] NextHopRecord hop(std::uint16_t number) const;
    [[nodiscard]] const NextHopKey& hop_key(std::uint16_t number) const;
    [[nodiscard]] const model::IpAddress& hop_target(std::uint16_t number) const;
    [[nodiscard]] ServerRecord server(engine::ServerIndex server) const;
    [[nodiscard]] bool was_told_of(engine::ServerIndex server) const;
    [[nodiscard]] engine::ServiceIndex service_of(engine::ServerIndex server) const;
    [[nodiscard]] const model::ServerKey& key_of(engine::ServerIndex server) const;
    // By the table's position and the bank.
    [[nodiscard]] abi::Record<abi::ServiceEntry> service(std::uint32_t position,
                                                         std::uint32_t bank) const;
    [[nodiscard]] abi::Record<abi::FlowEntry> flow(std::uint32_t bucket, std::uint32_t way) const;
    [[nodiscard]] abi::Record<abi::Flow6Entry> flow6(std::uint32_t bucket, std::uint32_t way) const;
    [[nodiscard]] const TableSizes& sizes() const { return sizes_; }

  private:
    static constexpr std::size_t kEntryWords = 5;
    static constexpr std::size_t kCommandsMax = std::size_t{1} << abi::kRingSlotsLog2Max;

    struct State {
        int flow_buckets_log2 = 0;
        int flow6_buckets_log2 = 0;
        Begin begin = Begin::unknown;
        char uuid[40] = {};
        char path[512] = {};
        std::uint64_t command_base = 0;
        abi::HashKey key{};
        std::uint32_t commands = 0;  // Noted since then: the command ring's index.
        std::uint32_t version = 0;
        std::uint32_t epoch = 0;
    };
    struct Entry {
        std::uint64_t words[kEntryWords];
        std::uint64_t known;
    };
    struct HopMeaning {
        NextHopKey key;
        model::IpAddress target;
    };
    struct ServerMeaning {
        engine::ServiceIndex service;
        model::ServerKey key;
    };

    CardLedger(std::unique_ptr<KeptFile> file, const TableSizes& sizes);

    [[nodiscard]] static std::uint64_t layout();
    [[nodiscard]] static std::size_t entries_of(const TableSizes& sizes);
    [[nodiscard]] static std::size_t size_bytes(const TableSizes& sizes);
    [[nodiscard]] State& state() const { return *reinterpret_cast<State*>(file_->bytes().data()); }
    // Where the command writes; none: to no table.
    [[nodiscard]] std::optional<std::size_t> place_of(const CommandRecord& command) const;
    void put(const CommandRecord& command);
    template <class Layout>
    [[nodiscard]] abi::Record<Layout> at(std::size_t place) const;

    std::unique_ptr<KeptFile> file_;
    TableSizes sizes_;
    std::span<CommandRecord> commands_;  // The newest of them, by index.
    std::span<HopMeaning> hops_;
    std::span<ServerMeaning> servers_;
    std::span<Entry> entries_;
};

}  // namespace fpvs::offload
