// SPDX-License-Identifier: Apache-2.0
// The client's end of the control socket: blocking calls, one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/control/api.pb.h"
#include "host/util/result.hpp"

namespace fpvs::control {

class Client {
  public:
    // Code::unavailable, with a sentence, if no daemon listens at `path`.
    [[nodiscard]] static Result<Client> connect(const std::string& path);
    ~Client();
    Client(Client&& other) noexcept;
    Client& operator=(Client&& other) noexcept;

    // The one reply to a request.  A reply that is not CODE_OK comes back as an Error with the
    // daemon's sentence.
    [[nodiscard]] Result<api::Reply> call(api::Request request);
    // For requests with a long answer: `each` is called for every reply.
    [[nodiscard]] Status stream(api::Request request,
                                const std::function<void(const api::Reply&)>& each);

  private:
    Client(int socket, std::string path) : socket_(socket), path_(std::move(path)) {}

    [[nodiscard]] Status send(const api::Request& request);
    [[nodiscard]] Result<api::Reply> receive();
    [[nodiscard]] Status read_exactly(void* into, std::size_t size_bytes);
    [[nodiscard]] Error broken(const char* what) const;

    int socket_ = -1;
    std::string path_;
    std::uint64_t next_id_ = 1;
};

}  // namespace fpvs::control
