// SPDX-License-Identifier: Apache-2.0
// The only way into Boost.Asio.  Debian's 1.74 needs <utility> first (std::exchange) and does not
// see that clang with libstdc++ has coroutines; both are mended here, before its first header.
#pragma once

#include <coroutine>
#include <utility>

#if defined(__clang__) && !defined(BOOST_ASIO_HAS_CO_AWAIT)
// NOLINTBEGIN(readability-identifier-naming): Boost's names.
#define BOOST_ASIO_HAS_CO_AWAIT 1
#define BOOST_ASIO_HAS_STD_COROUTINE 1
// NOLINTEND(readability-identifier-naming)
#endif

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
