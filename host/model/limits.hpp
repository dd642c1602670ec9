// SPDX-License-Identifier: Apache-2.0
// Every bound of the host that is not part of the card's contract (hw/abi/limits.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace fpvs::model {

constexpr std::size_t kVirtualServicesMax = 32768;  // The card holds fewer and says which.
constexpr std::size_t kRealServersMax = 131072;     // All services together.
constexpr std::size_t kConnectionsMax =
    1'048'576;  // Templates included; unless more are asked for,
constexpr std::size_t kConnectionsLimit = 134'217'728;  // up to this.
constexpr std::size_t kWorkersMax = 16;                 // Threads that carry packets.
constexpr std::size_t kVrrpInstancesMax = 255;          // A VRID is one octet, 1 to 255.
constexpr std::size_t kVirtualAddressesMax = 20;        // An advert of at most 368 octets.
constexpr std::size_t kExcludedAddressesMax = 256;      // Owned without being in adverts.
constexpr std::size_t kVrrpPeersMax = 16;               // Of unicast adverts.
constexpr std::size_t kVrrpTracksMax = 256;             // Of an instance or a sync group.
constexpr std::size_t kVrrpTrackersMax = 1024;          // vrrp_script and vrrp_track_process, each.
constexpr std::size_t kProcessesMax = 65536;            // Of the host, looked at by track_process.
constexpr std::size_t kLocalAddressesMax = 4096;        // FULLNAT's, of all services ever.
constexpr std::size_t kMarkRulesMax = 1024;             // Each is tried for every new flow.
constexpr std::size_t kNeighboursMax = 131072;          // Addresses whose next hop is kept current.
constexpr std::size_t kRoutesMax = 65536;               // Of the kernel's, for packets to anywhere.
constexpr std::size_t kHealthChecksMax = 131072;        // Of all servers.
constexpr std::size_t kProbesInFlightMax = 4096;        // Each holds a file descriptor.
constexpr std::size_t kCheckUrlsMax = 64;               // Of one HTTP_GET or SSL_GET.
constexpr std::size_t kCheckResponseBytesMax = 16u << 20;  // Read of what a server answers,
constexpr std::size_t kCheckRegexBytesMax = 256u << 10;    // and looked at by a regex.
constexpr std::size_t kUdpCheckBytesMax = 1472;            // A datagram that no Ethernet cuts.
constexpr std::size_t kScriptArgumentsMax = 64;
constexpr std::size_t kScriptsRunningMax = 256;   // At once; checks wait, others queue.
constexpr std::size_t kScriptsWaitingMax = 4096;  // Notifications; more are told of and lost.
constexpr std::size_t kTrackFilesMax = 1024;
constexpr std::size_t kAnnounceChangesMax = 256;           // Of addresses, in one edit of FRR's.
constexpr std::size_t kRoutingOutputBytesMax = 16u << 20;  // Of a routing shell's answer.
constexpr std::size_t kConfigFileBytesMax = 64u << 20;
constexpr std::size_t kConfigNestingMax = 16;
constexpr std::size_t kConfigFilesMax = 1024;               // Opened for one configuration,
constexpr std::size_t kConfigIncludesNestingMax = 16;       // and open at once.
constexpr std::size_t kConfigExpandedBytesMax = 64u << 20;  // Made of definitions and repetitions.
constexpr std::size_t kConfigLineBytesMax = 16384;          // Of a line that they make.
constexpr std::size_t kConfigSubstitutionsMax = 1024;       // In one line.
constexpr std::size_t kConfigExpansionsMax = 64;            // Under way at once.
constexpr std::size_t kConfigDefinitionsMax = 16384;
constexpr std::size_t kConfigDiagnosticsMax = 20;  // Of each kind; the rest are only counted.

constexpr std::size_t kControlFrameBytesMax = 1u << 20;  // The contract of host/control/api.proto.
constexpr std::size_t kControlClientsMax = 64;           // At once; one more is told so.
constexpr std::size_t kControlReplyEntriesMax = 2048;    // Of a list, in one reply.
// An entry of a list is at most some 200 bytes; a reply must fit a frame.
static_assert(kControlReplyEntriesMax * 256 <= kControlFrameBytesMax);

}  // namespace fpvs::model
