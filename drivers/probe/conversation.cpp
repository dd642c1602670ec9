// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/conversation.hpp"

namespace fpvs::probe {
namespace {

boost::asio::awaitable<void> hold(std::shared_ptr<Conversation> conversation, Talk talk) {
    provider::ProbeReport report = co_await talk(*conversation);
    if (!conversation->given_up) {
        conversation->given_up = true;
        conversation->stream.close();
        // The callee may destroy the attempt, which is why it is done last.
        conversation->done(std::move(report));
    }
}

class ConversationAttempt final : public provider::Probe::Attempt {
  public:
    explicit ConversationAttempt(std::shared_ptr<Conversation> conversation)
        : conversation_(std::move(conversation)) {}
    ~ConversationAttempt() override {
        conversation_->given_up = true;
        conversation_->stream.close();
    }

  private:
    std::shared_ptr<Conversation> conversation_;
};

}  // namespace

std::unique_ptr<provider::Probe::Attempt> begin_conversation(boost::asio::io_context& io,
                                                             const provider::ProbeRequest& request,
                                                             Talk talk,
                                                             provider::Probe::Done done) {
    auto conversation = std::make_shared<Conversation>(io, request, std::move(done));
    boost::asio::co_spawn(io, hold(conversation, std::move(talk)), boost::asio::detached);
    return std::make_unique<ConversationAttempt>(std::move(conversation));
}

}  // namespace fpvs::probe
