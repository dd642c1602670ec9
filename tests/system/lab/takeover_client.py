#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds web connections open over takeovers, and looks whether each goes on with its own server.

usage: takeover_client.py ADDRESS PORT COUNT PERSISTENT_ADDRESS SOURCE...
COUNT connections are made to ADDRESS, and from each SOURCE one to PERSISTENT_ADDRESS, which is
closed again.  Then every line on standard input asks for a round: each connection is asked again,
and each SOURCE connects to PERSISTENT_ADDRESS anew.  A round answers with one line,
"held N of COUNT, persistent N of SOURCES": how many were answered by the server of the first
time.  The first such line comes without being asked for."""
import asyncio
import resource
import sys

AT_A_TIME = 200  # Connections being made; more would overrun the servers' listen queues.
ANSWER_SECONDS_MAX = 20
REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"


async def ask(connection):
    """The name of the host that answered."""
    reader, writer = connection
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:"))
    return await reader.readexactly(length)


async def name_of(connection, limit):
    try:
        async with limit:
            return await asyncio.wait_for(ask(connection), ANSWER_SECONDS_MAX)
    except (OSError, EOFError, asyncio.TimeoutError):
        return None


async def connect(limit, *where, **how):
    async with limit:
        return await asyncio.open_connection(*where, **how)


async def persistent_server(limit, address, port, source):
    try:
        connection = await asyncio.wait_for(
            connect(limit, address, port, local_addr=(source, 0)), ANSWER_SECONDS_MAX)
    except (OSError, asyncio.TimeoutError):
        return None
    name = await name_of(connection, limit)
    connection[1].close()
    return name


def same(first, now):
    return sum(1 for a, b in zip(first, now) if a is not None and a == b)


async def hold(address, port, count, persistent, sources):
    limit = asyncio.Semaphore(AT_A_TIME)
    connections = await asyncio.gather(*(connect(limit, address, port) for _ in range(count)))

    async def round_of_all():
        # All at once: what a takeover lost must show within one time limit, not one a batch.
        everybody = asyncio.Semaphore(count + 1)
        held = await asyncio.gather(*(name_of(one, everybody) for one in connections))
        kept = await asyncio.gather(
            *(persistent_server(limit, persistent, port, source) for source in sources))
        return held, kept

    held_first, kept_first = None, None
    while True:
        held, kept = await round_of_all()
        if held_first is None:
            held_first, kept_first = held, kept
        print(f"held {same(held_first, held)} of {count}, "
              f"persistent {same(kept_first, kept)} of {len(sources)}", flush=True)
        if not await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
            return


def main():
    address, port, count, persistent = (
        sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, count + 1000))
    asyncio.run(hold(address, port, count, persistent, sys.argv[5:]))


if __name__ == "__main__":
    main()
