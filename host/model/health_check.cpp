// SPDX-License-Identifier: Apache-2.0
#include "host/model/health_check.hpp"

#include <array>
#include <cstddef>

namespace fpvs::model {

std::string_view name(CheckKind kind) {
    static constexpr std::array<std::string_view, 9> kNames{"TCP_CHECK",
                                                            "HTTP_GET",
                                                            "SSL_GET",
                                                            "SMTP_CHECK",
                                                            "DNS_CHECK",
                                                            "UDP_CHECK",
                                                            "PING_CHECK",
                                                            "MISC_CHECK",
                                                            "FILE_CHECK"};
    return kNames[static_cast<std::size_t>(kind)];
}

CheckKind HealthCheck::kind() const {
    static constexpr std::array kKinds{CheckKind::tcp,
                                       CheckKind::http,
                                       CheckKind::smtp,
                                       CheckKind::dns,
                                       CheckKind::udp,
                                       CheckKind::ping,
                                       CheckKind::misc,
                                       CheckKind::file};
    static_assert(kKinds.size() == std::variant_size_v<CheckDetail>);
    const auto* const http = std::get_if<HttpCheck>(&detail);
    return http != nullptr && http->tls ? CheckKind::ssl : kKinds[detail.index()];
}

}  // namespace fpvs::model
