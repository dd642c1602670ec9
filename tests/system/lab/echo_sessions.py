#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long-lived TCP sessions that ask and are answered all the time, and the server that answers.

usage: echo_sessions.py serve PORT NAME
       echo_sessions.py ask ADDRESS PORT COUNT PAUSE_S FILE

A question is a number, its answer the number and the server's name.  `ask` writes a line
"SESSIONS ANSWERS LONGEST_MS WAITING_MS" to FILE a few times a second: sessions that are whole,
answers of all, the longest time that one had to wait for an answer since FILE was last removed, and
that for which one is waiting now."""
import asyncio
import os
import resource
import sys

REPORT_S = 0.1
AT_A_TIME = 200  # Connections being made; more would overrun the server's listen queue.
FILES_MAX = 20000


async def answer(reader, writer, name):
    while line := await reader.readline():
        writer.write(line.strip() + b" " + name + b"\n")
        await writer.drain()
    writer.close()


async def serve(port, name):
    server = await asyncio.start_server(
        lambda reader, writer: answer(reader, writer, name.encode()), "0.0.0.0", port,
        backlog=2 * AT_A_TIME)
    await server.serve_forever()


class Tally:
    def __init__(self):
        self.whole = 0
        self.answers = 0
        self.longest = 0.0
        self.asked = {}  # When, by session.


async def session(tally, limit, address, port, pause):
    clock = asyncio.get_running_loop()
    async with limit:
        reader, writer = await asyncio.open_connection(address, port)
    tally.whole += 1
    server = None
    try:
        for number in range(1 << 30):
            begin = tally.asked[writer] = clock.time()
            writer.write(b"%d\n" % number)
            asked, name = (await reader.readline()).split()
            if int(asked) != number or name != (server or name):
                break
            server = name
            tally.answers += 1
            tally.longest = max(tally.longest, clock.time() - begin)
            del tally.asked[writer]
            await asyncio.sleep(pause)
    except (OSError, ValueError):
        pass
    tally.asked.pop(writer, None)
    tally.whole -= 1


async def report(tally, path):
    while True:
        if not os.path.exists(path):
            tally.longest = 0.0
        now = asyncio.get_running_loop().time()
        waiting = now - min(tally.asked.values(), default=now)
        with open(path + ".new", "w") as file:
            file.write(f"{tally.whole} {tally.answers} {int(tally.longest * 1000)} "
                       f"{int(waiting * 1000)}\n")
        os.rename(path + ".new", path)
        await asyncio.sleep(REPORT_S)


async def ask(address, port, count, pause, path):
    tally = Tally()
    limit = asyncio.Semaphore(AT_A_TIME)
    await asyncio.gather(report(tally, path),
                         *(session(tally, limit, address, port, pause) for _ in range(count)))


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2]), sys.argv[3]))
    else:
        asyncio.run(ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]),
                        sys.argv[6]))


if __name__ == "__main__":
    main()
