#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds many TCP connections open at once, then asks a web page over each of them.

usage: hold_connections.py ADDRESS PORT COUNT
Prints how many were open at once and how many answered rightly; exits 0 if that is all of them."""
import asyncio
import resource
import sys

AT_A_TIME = 200  # Connections being made; more would overrun the servers' listen queues.
SECONDS_MAX = 60
REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"


async def connect(limit, address, port):
    async with limit:
        return await asyncio.open_connection(address, port)


async def ask(limit, connection):
    reader, writer = connection
    async with limit:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200")


async def hold(address, port, count):
    limit = asyncio.Semaphore(AT_A_TIME)
    opened = await asyncio.gather(
        *(connect(limit, address, port) for _ in range(count)), return_exceptions=True)
    connections = [one for one in opened if not isinstance(one, BaseException)]
    answers = await asyncio.gather(
        *(ask(limit, one) for one in connections), return_exceptions=True)
    right = sum(1 for answer in answers if answer is True)
    print(f"{len(connections)} open at once, {right} answered")
    for _, writer in connections:
        writer.close()
    return right == count


def main():
    address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, count + 1000))
    work = asyncio.wait_for(hold(address, port, count), SECONDS_MAX)
    sys.exit(0 if asyncio.run(work) else 1)


if __name__ == "__main__":
    main()
