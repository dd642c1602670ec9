// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/frame_edit.hpp"

#include <algorithm>

#include "host/slowpath/bytes.hpp"

namespace fpvs::slowpath {
LinkHeader LinkHeader::make(model::MacAddress destination,
                            model::MacAddress source,
                            std::optional<std::uint16_t> vlan) {
    LinkHeader header;
    std::uint8_t* at = header.bytes.data();
    std::copy(destination.octets.begin(), destination.octets.end(), at + ethernet::kDestination);
    std::copy(source.octets.begin(), source.octets.end(), at + ethernet::kSource);
    if (vlan) {
        store_be16(at + ethernet::kType, ethernet::kTypeVlan);
        store_be16(at + ethernet::kType + 2, *vlan & ethernet::kVlanMask);
        at += ethernet::kVlanTagBytes;
    }
    store_be16(at + ethernet::kType, ethernet::kTypeIpv4);
    header.length =
        static_cast<std::uint8_t>(ethernet::kHeaderBytes + (vlan ? ethernet::kVlanTagBytes : 0));
    return header;
}

}  // namespace fpvs::slowpath
