// SPDX-License-Identifier: Apache-2.0
// The card driver against a simulated card in a process of its own, through the real XRT.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "drivers/xrt/open_card.hpp"
#include "hw/abi/registers.hpp"
#include "tests/system/xrt/card_file.hpp"
#include "tests/system/xrt/this_process.hpp"

namespace fpvs::xrt_card {
namespace {

using Clock = std::chrono::steady_clock;

class Card : public testing::Test {
  protected:
    std::unique_ptr<provider::Card> open(const std::string& path) {
        auto card = open_card({.path = path});
        EXPECT_TRUE(card) << card.error().text();
        return card ? std::move(*card) : nullptr;
    }
    std::unique_ptr<provider::Card> open() { return open(folder_.write("card", make_card())); }

    Error open_error(const std::string& path) {
        auto card = open_card({.path = path});
        EXPECT_FALSE(card);
        return card ? Error{} : card.error();
    }

    Folder folder_;
};

constexpr std::uint32_t kScratch = abi::ring_register(abi::Ring::event, abi::reg::ring::base_low);
constexpr std::uint32_t kDoorbell =
    abi::ring_register(abi::Ring::command, abi::reg::ring::host_index);

TEST_F(Card, says_what_was_loaded) {
    const auto card = open();
    ASSERT_TRUE(card);
    EXPECT_EQ(card->bitstream().path, folder_.file("card"));
    EXPECT_EQ(card->bitstream().platform, "fpvs_sim_1");
    EXPECT_TRUE(card->bitstream().simulated);
    EXPECT_EQ(card->bitstream().uuid.size(), 36u);
    EXPECT_EQ(*card->read_register(abi::reg::magic), abi::kMagic);
    EXPECT_EQ(*card->read_register(abi::reg::ports), 2u);
}

TEST_F(Card, registers_keep_what_is_written) {
    const auto card = open();
    ASSERT_TRUE(card);
    for (const std::uint32_t value : {0u, 1u, 0x12345678u, UINT32_MAX}) {
        ASSERT_TRUE(card->write_register(kScratch, value));
        EXPECT_EQ(*card->read_register(kScratch), value);
    }
    for (const std::uint32_t offset : {1u, 0x1000u, 0x1002u, UINT32_MAX - 3}) {
        EXPECT_EQ(card->read_register(offset).error().code, Code::invalid_argument);
        EXPECT_EQ(card->write_register(offset, 0).error().code, Code::invalid_argument);
    }
    EXPECT_TRUE(card->read_register(kScratch)) << "a wrong offset is not the death of the card";
}

TEST_F(Card, memory_is_seen_by_both_sides) {
    const auto card = open();
    ASSERT_TRUE(card);
    const auto memory = card->allocate(2 * 4096);
    ASSERT_TRUE(memory) << memory.error().text();
    const auto bytes = (*memory)->bytes();
    ASSERT_EQ(bytes.size(), 8192u);
    EXPECT_EQ((*memory)->card_address() % 4096, 0u);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        ASSERT_EQ(bytes[i], std::byte{0});
        bytes[i] = static_cast<std::byte>(i * 7);
    }
    ASSERT_TRUE(card->write_register(kDoorbell, 1));
    ASSERT_TRUE(card->read_register(kDoorbell));  // In order: the doorbell's work is done.
    for (std::size_t i = 0; i < 4096; ++i) {
        ASSERT_EQ(bytes[4096 + i], ~static_cast<std::byte>(i * 7)) << i;
    }
}

TEST_F(Card, pieces_of_memory_do_not_overlap_and_are_reused) {
    const auto card = open();
    ASSERT_TRUE(card);
    EXPECT_FALSE(card->allocate(0));
    EXPECT_FALSE(card->allocate((std::size_t{1} << 30) + 1));
    std::uint64_t first = 0;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::unique_ptr<provider::SharedMemory>> pieces;
        std::uint64_t end = 0;
        for (const std::size_t size : {1u, 4096u, 4097u, 1u << 20}) {
            auto piece = card->allocate(size);
            ASSERT_TRUE(piece) << piece.error().text();
            EXPECT_EQ((*piece)->bytes().size(), size);
            EXPECT_GE((*piece)->card_address(), end);
            end = (*piece)->card_address() + size;
            pieces.push_back(std::move(*piece));
        }
        if (round == 0) {
            first = pieces[0]->card_address();
        }
        EXPECT_EQ(pieces[0]->card_address(), first) << "round " << round;
    }
}

TEST_F(Card, memory_may_outlive_the_card) {
    auto card = open();
    ASSERT_TRUE(card);
    auto memory = card->allocate(4096);
    ASSERT_TRUE(memory);
    card.reset();
    (*memory)->bytes()[4095] = std::byte{1};
    EXPECT_EQ(children().size(), 1u) << "the simulator lives as long as its memory";
    memory->reset();
    EXPECT_EQ(children().size(), 0u);
}

TEST_F(Card, opens_and_closes_fifty_times_without_a_trace) {
    const auto path = folder_.write("card", make_card());
    open(path).reset();
    const int descriptors = open_descriptors();
    for (int round = 0; round < 50; ++round) {
        const auto card = open(path);
        ASSERT_TRUE(card);
        ASSERT_EQ(*card->read_register(kScratch), 0u) << "a load is a reset";
        ASSERT_TRUE(card->write_register(kScratch, 1));
    }
    EXPECT_EQ(children().size(), 0u);
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(Card, another_xclbin_replaces_the_simulator) {
    auto card = open();
    ASSERT_TRUE(card);
    const auto before = children();
    ASSERT_EQ(before.size(), 1u);
    const auto other = folder_.write("other", make_card({.platform = "fpvs_sim_2"}));
    EXPECT_NE(open_error(other).message.find("in use"), std::string::npos);
    EXPECT_TRUE(card->read_register(kScratch)) << "a refused load harms nobody";
    card.reset();
    card = open(other);
    ASSERT_TRUE(card);
    EXPECT_EQ(card->bitstream().platform, "fpvs_sim_2");
    ASSERT_EQ(children().size(), 1u);
    EXPECT_NE(children(), before);
}

TEST_F(Card, threads_share_it) {
    const auto card = open();
    ASSERT_TRUE(card);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (std::uint32_t port = 0; port < 4; ++port) {
        threads.emplace_back([&card, &wrong, port] {
            const std::uint32_t offset =
                abi::ring_register(abi::Ring::event, abi::reg::ring::base_low) + 4 * port;
            for (std::uint32_t i = 0; i < 200; ++i) {
                const bool written = card->write_register(offset, i).has_value();
                const auto value = card->read_register(offset);
                wrong += !written || !value || *value != i;
                if (i % 50 == 0) {
                    wrong += !card->allocate(4096);
                }
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
}

TEST_F(Card, killed_simulator_is_reported_at_the_next_call) {
    const auto card = open();
    ASSERT_TRUE(card);
    const auto memory = card->allocate(4096);
    ASSERT_TRUE(memory);
    ASSERT_EQ(children().size(), 1u);
    ASSERT_EQ(::kill(*children().begin(), SIGKILL), 0);
    const auto begin = Clock::now();
    Result<std::uint32_t> value = card->read_register(kScratch);
    while (value) {  // Death by signal takes the kernel a moment.
        value = card->read_register(kScratch);
    }
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(1));
    EXPECT_EQ(value.error().code, Code::unavailable);
    EXPECT_NE(value.error().message.find("was killed by signal 9"), std::string::npos)
        << value.error().message;
    const Error expected = value.error();
    for (const Error& error : {card->read_register(0x10).error(),
                               card->write_register(kScratch, 1).error(),
                               card->allocate(4096).error()}) {
        EXPECT_EQ(error.code, Code::unavailable);
        EXPECT_EQ(error.message, expected.message);
    }
    (*memory)->bytes()[0] = std::byte{1};  // The host's side of it remains.
    EXPECT_EQ(children().size(), 0u) << "it is reaped";
}

TEST_F(Card, stopped_simulator_is_reported_in_time) {
    auto card = open();
    ASSERT_TRUE(card);
    std::vector<std::unique_ptr<provider::SharedMemory>> pieces;
    for (int i = 0; i < 4; ++i) {
        pieces.push_back(*card->allocate(4096));
    }
    ASSERT_EQ(children().size(), 1u);
    ASSERT_EQ(::kill(*children().begin(), SIGSTOP), 0);
    const auto begin = Clock::now();
    const auto value = card->read_register(kScratch);
    EXPECT_LT(Clock::now() - begin, std::chrono::milliseconds(1100));
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, Code::unavailable);
    EXPECT_NE(value.error().message.find("did not answer"), std::string::npos);
    pieces.clear();
    card.reset();
    EXPECT_EQ(children().size(), 0u) << "it is killed where it does not leave";
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(2)) << "giving up is paid for once";
}

TEST_F(Card, other_children_are_left_alone) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(42);
    }
    open().reset();
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST_F(Card, running_simulator_is_taken_by_its_socket_and_keeps_its_state) {
    const std::string socket = folder_.file("socket");
    const pid_t simulator = ::fork();
    if (simulator == 0) {
        ::execl(FPVS_FAKE_SIMCARD, FPVS_FAKE_SIMCARD, "--listen", socket.c_str(), nullptr);
        ::_exit(127);
    }
    while (!std::filesystem::exists(socket)) {
        ASSERT_EQ(::waitpid(simulator, nullptr, WNOHANG), 0) << "it did not start";
        std::this_thread::yield();
    }
    const ScopedVariable use("FPVS_SIMCARD_SOCKET", socket);
    for (std::uint32_t round = 0; round < 3; ++round) {
        const auto card = open();
        ASSERT_TRUE(card);
        EXPECT_EQ(*card->read_register(kScratch), round);
        ASSERT_TRUE(card->write_register(kScratch, round + 1));
        EXPECT_EQ(*card->read_register(kScratch), round + 1);
    }
    ::kill(simulator, SIGKILL);
    ASSERT_EQ(::waitpid(simulator, nullptr, 0), simulator);
    EXPECT_NE(open_error(folder_.file("card")).message.find("no simulated card listens"),
              std::string::npos);
}

struct BadCard {
    const char* fault;     // For the fake simulator.
    const char* sentence;  // Part of what is said.
    Code code;
};

class CardOfAnotherKind : public Card, public testing::WithParamInterface<BadCard> {};

TEST_P(CardOfAnotherKind, is_refused_with_a_sentence) {
    const ScopedVariable fault("FPVS_FAKE_SIMCARD", GetParam().fault);
    const Error error = open_error(folder_.write("card", make_card()));
    EXPECT_EQ(error.code, GetParam().code) << error.text();
    EXPECT_NE(error.message.find(GetParam().sentence), std::string::npos) << error.text();
    EXPECT_EQ(error.where, folder_.file("card"));
    EXPECT_EQ(children().size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    every_one,
    CardOfAnotherKind,
    testing::Values(
        BadCard{"no_magic", "the loaded card is not FPVS: its magic is 0xdeadbeef", Code::mismatch},
        BadCard{"other_version", "has version 3 of the contract", Code::mismatch},
        BadCard{"other_abi", "the card's abi hash is 0x", Code::mismatch},
        BadCard{"exit", "the process ended with status 3", Code::unavailable}));

TEST_F(Card, abi_hash_of_the_file_is_checked_before_the_card_is_touched) {
    const Error error = open_error(folder_.write("card", make_card({.abi_hash = 0x1234})));
    EXPECT_EQ(error.code, Code::mismatch);
    EXPECT_NE(error.message.find("0x0000000000001234"), std::string::npos) << error.text();
    EXPECT_NE(error.message.find(fmt::format("{:#018x}", abi::kAbiHash)), std::string::npos);
}

TEST_F(Card, xclbin_that_is_not_ours_is_refused) {
    EXPECT_NE(open_error(folder_.file("none")).message.find("No such file"), std::string::npos);
    EXPECT_NE(open_error("/").message.find("not a regular file"), std::string::npos);
    EXPECT_NE(open_error("/dev/null").message.find("not a regular file"), std::string::npos);
    EXPECT_NE(open_error(folder_.write("empty", {})).message.find("not an xclbin"),
              std::string::npos);
    EXPECT_NE(open_error(FPVS_FAKE_SIMCARD).message.find("not an xclbin"), std::string::npos);
    const auto kernel = folder_.write("kernel", make_card({.kernel = "vadd"}));
    EXPECT_NE(open_error(kernel).message.find("no IP named fpvs_card"), std::string::npos);
    const auto platform = folder_.write("platform", make_card({.platform = "xilinx_u200_xdma"}));
    EXPECT_NE(open_error(platform).message.find("for platform 'xilinx_u200_xdma'"),
              std::string::npos);
    const std::vector<char> text = {'h', 'e', 'l', 'l', 'o'};
    const auto junk = folder_.write("junk", make_card({.bitstream = text}));
    EXPECT_NE(open_error(junk).message.find("cannot execute the xclbin's simulator"),
              std::string::npos)
        << open_error(junk).message;
    EXPECT_EQ(children().size(), 0u);
}

TEST_F(Card, real_card_cannot_follow_a_simulated_one) {
    open().reset();
    const auto real =
        folder_.write("real", make_card({.platform = "xilinx_u250_gen3x16_xdma_4_1_202210_1"}));
    EXPECT_NE(open_error(real).message.find("cannot be mixed"), std::string::npos);
}

}  // namespace
}  // namespace fpvs::xrt_card
