// SPDX-License-Identifier: Apache-2.0
// Byte offsets inside the synthesis view of hls::stream (include/hls_stream.h).
#pragma once

namespace fpvs::hlsc::stream_layout {

inline constexpr int kEmpty = 0;
inline constexpr int kRead = 1;
inline constexpr int kReadTwice = 2;
inline constexpr int kWritten = 3;
inline constexpr int kWrittenTwice = 4;
inline constexpr int kPayload = 64;

}  // namespace fpvs::hlsc::stream_layout
