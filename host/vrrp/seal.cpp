// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/seal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

#include "host/util/check.hpp"
#include "host/vrrp/bytes.hpp"
#include "host/vrrp/ip_envelope.hpp"

namespace fpvs::vrrp {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kDigestOffset = kIpv4HeaderBytes + 12;
constexpr std::size_t kDigestBytes = 12;
constexpr std::size_t kSourceOffset = 12;
constexpr std::size_t kChecksumOffset = 10;

using Digest = std::array<std::uint8_t, EVP_MAX_MD_SIZE>;

// Fields that routers may change count as 0: TOS, fragment and checksum; so does the digest itself.
Digest digest_of(Bytes packet, std::string_view key) {
    std::vector<std::uint8_t> text(packet.begin(), packet.end());
    for (const std::size_t offset : {1, 6, 7, 10, 11}) {
        text[offset] = 0;
    }
    std::fill_n(text.begin() + kDigestOffset, kDigestBytes, std::uint8_t{0});
    Digest digest{};
    unsigned size = 0;
    const auto* const made = ::HMAC(::EVP_md5(),
                                    key.data(),
                                    static_cast<int>(key.size()),
                                    text.data(),
                                    text.size(),
                                    digest.data(),
                                    &size);
    FPVS_CHECK(made != nullptr && size >= kDigestBytes, "no HMAC-MD5");
    return digest;
}

}  // namespace

std::vector<std::uint8_t> seal(Bytes packet, std::uint32_t sequence, std::string_view key) {
    FPVS_CHECK(packet.size() > kIpv4HeaderBytes && packet[0] == 0x45, "not a plain packet");
    std::vector<std::uint8_t> sealed(packet.begin(), packet.begin() + kIpv4HeaderBytes);
    put_be16(sealed, 2, static_cast<std::uint16_t>(packet.size() + kSealBytes));
    sealed[9] = kProtocolSealed;
    put_be16(sealed, kChecksumOffset, 0);
    put_be16(sealed, kChecksumOffset, checksum(sealed));
    append_be16(sealed, std::uint32_t{kProtocol} << 8 | kSealLengthWords);
    append_be16(sealed, 0);
    // The security parameters' index is the sender's address.
    sealed.insert(sealed.end(),
                  packet.begin() + kSourceOffset,
                  packet.begin() + kSourceOffset + sizeof(std::uint32_t));
    append_be32(sealed, sequence);
    sealed.insert(sealed.end(), kDigestBytes, 0);
    sealed.insert(sealed.end(), packet.begin() + kIpv4HeaderBytes, packet.end());
    const Digest digest = digest_of(sealed, key);
    std::copy_n(digest.begin(), kDigestBytes, sealed.begin() + kDigestOffset);
    return sealed;
}

bool seal_holds(Bytes packet, std::string_view key) {
    if (packet.size() < kDigestOffset + kDigestBytes || packet[0] != 0x45) {
        return false;
    }
    const Bytes whole = packet.first(std::min<std::size_t>(packet.size(), be16_at(packet, 2)));
    if (whole.size() < kDigestOffset + kDigestBytes) {
        return false;
    }
    const Digest digest = digest_of(whole, key);
    return ::CRYPTO_memcmp(digest.data(), whole.data() + kDigestOffset, kDigestBytes) == 0;
}

}  // namespace fpvs::vrrp
