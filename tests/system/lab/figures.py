#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How soon a director takes over: fpvsd and stock keepalived on a cable, each event several times.

figures.py BUILD [RUNS]: prints median and worst of each event beside what the protocol asks for,
and exits 1 if the worst of ours is later than it must be.  Times are the kernel's, of frames on
the wire: from the last advert of the old master to the first one of the new.
"""

import ctypes
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
OURS, THEIRS = (f"fpvs-t-{os.getpid()}-{end}" for end in ("a", "b"))
OUR_ADDRESS, THEIR_ADDRESS, VIP = "192.168.113.149", "192.168.113.148", "192.168.113.100"
OUR_PRIORITY, HIGHER, LOWER = 100, 150, 50
ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
PATIENCE_S = 20
POLL_S = 0.005
RECENT = 100  # Adverts; older ones are forgotten.

INSTANCE = """vrrp_instance VI_1 {{
    interface eth0
    version {version}
    virtual_router_id 51
    priority {priority}
    advert_int {interval}
    virtual_ipaddress {{
        {vip}
    }}
}}
"""


def run(*words):
    subprocess.run(words, check=True)


def enter_namespace(descriptor):
    """Of the network, for this thread and what it opens from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter a network namespace")


class Wire:
    """Adverts at the peer's end of the cable, with the kernel's times."""

    def __init__(self):
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{THEIRS}", os.O_RDONLY)
        enter_namespace(there)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind(("eth0", ETH_P_ALL))
        enter_namespace(home)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.adverts = []  # (time, source, priority)

    def listen(self):
        """Reads what is there."""
        try:
            while True:
                frame, extra, _, _ = self.socket.recvmsg(2048, 128, socket.MSG_DONTWAIT)
                self.take(frame, extra)
        except BlockingIOError:
            pass

    def take(self, frame, extra):
        if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 112:
            return
        seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
        advert = (seconds + nanoseconds / 1e9, socket.inet_ntoa(frame[26:30]), frame[36])
        if not self.adverts or self.adverts[-1] != advert:
            self.adverts.append(advert)

    def wait_for(self, what, condition):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            self.listen()
            found = condition()
            if found:
                return found
            time.sleep(POLL_S)
        raise RuntimeError(f"did not come true: {what}")

    def last_of(self, source):
        return next((a for a in reversed(self.adverts) if a[1] == source), None)

    def first_of(self, source, after):
        """Of a master: priority 0 is none."""
        return next((a for a in self.adverts if a[1] == source and a[0] > after and a[2]), None)

    def rules(self, source, interval):
        """Whether it alone has sent for some intervals."""
        now = time.time()
        recent = [a for a in self.adverts if a[0] > now - max(5 * interval, 0.1)]
        return len(recent) >= 3 and all(a[1] == source and a[2] for a in recent)


class Keepalived:
    def __init__(self, folder, settings):
        # A folder of its own: one that was killed leaves files behind.
        folder = tempfile.mkdtemp(dir=folder)
        self.pid_file = os.path.join(folder, "vrrp.pid")
        config = os.path.join(folder, "keepalived.conf")
        with open(config, "w") as file:
            # In real time as fpvsd's adverts are, or a busy machine would decide the election.
            file.write("global_defs {\n    vrrp_rt_priority 1\n}\n")
            file.write(INSTANCE.format(**settings))
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", THEIRS, "keepalived", "-n", "-l", "-P", "-f", config,
             "-p", os.path.join(folder, "parent.pid"), "-r", self.pid_file],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        # The VRRP child first: it would resign when its parent ends.  The parent is held meanwhile,
        # or it would start another.
        self.process.send_signal(signal.SIGSTOP)
        with open(self.pid_file) as file:
            os.kill(int(file.read()), signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        subprocess.run(["ip", "-n", THEIRS, "addr", "del", f"{VIP}/32", "dev", "eth0"],
                       stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Fpvsd:
    def __init__(self, folder, settings):
        config = os.path.join(folder, "fpvsd.conf")
        with open(config, "w") as file:
            file.write(INSTANCE.format(**settings))
        self.log = open(os.path.join(folder, "fpvsd.log"), "a")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", OURS, os.path.join(BUILD, "bin/fpvsd"), "-f", config,
             "--socket", os.path.join(folder, "control"),
             "--ipvs-socket", os.path.join(folder, "ipvs")],
            stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(["ip", "-n", OURS, "addr", "del", f"{VIP}/32", "dev", "eth0"],
                       stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def skew_s(version, priority, interval):
    return (256 - priority) / 256 * (1 if version == 2 else interval)


def measure(wire, folder, version, interval, end, ours_dies):
    """Seconds from the last advert of the one that ends to the first one of the other."""
    common = {"version": version, "interval": interval, "vip": VIP}
    survivor, dying = (THEIR_ADDRESS, OUR_ADDRESS) if ours_dies else (OUR_ADDRESS, THEIR_ADDRESS)
    ours = Fpvsd(folder, {**common, "priority": OUR_PRIORITY})
    theirs = None
    times = []
    try:
        for _ in range(RUNS):
            if theirs is None:
                priority = LOWER if ours_dies else HIGHER
                theirs = Keepalived(folder, {**common, "priority": priority})
            if ours is None:
                ours = Fpvsd(folder, {**common, "priority": OUR_PRIORITY})
            wire.wait_for("one master", lambda: wire.rules(dying, interval))
            wire.adverts = wire.adverts[-RECENT:]
            time.sleep(interval / 3)
            (getattr(ours if ours_dies else theirs, end))()
            ours, theirs = (None, theirs) if ours_dies else (ours, None)
            wire.listen()
            last = wire.last_of(dying)
            first = wire.wait_for("a new master", lambda: wire.first_of(survivor, last[0]))
            times.append(first[0] - last[0])
    finally:
        for one in (ours, theirs):
            if one is not None:
                one.stop()
    return times


def report(name, times, protocol, must):
    worst = max(times)
    verdict = "" if must is None else ("ok" if worst <= must else "LATE")
    limit = "-" if must is None else f"{must * 1000:.0f}"
    print(f"| {name} | {protocol * 1000:.1f} | {limit} | {statistics.median(times) * 1000:.1f} "
          f"| {worst * 1000:.1f} | {len(times)} | {verdict} |", flush=True)
    return verdict != "LATE"


def main():
    for name in (OURS, THEIRS):
        run("ip", "netns", "add", name)
    good = True
    try:
        run("ip", "-n", OURS, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0",
            "netns", THEIRS)
        for name, address in ((OURS, OUR_ADDRESS), (THEIRS, THEIR_ADDRESS)):
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
        wire = Wire()
        load = " ".join(f"{x:.1f}" for x in os.getloadavg())
        print(f"{os.cpu_count()} processors, load {load}; times in ms\n")
        print("| event | protocol | must | median | worst | runs | |")
        print("|---|---|---|---|---|---|---|", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for version, interval in ((2, 1), (3, 0.01)):
                label = f"v{version}, adverts of {interval} s"
                for end, title in (("kill", "killed"), ("stop", "stopped")):
                    for ours_dies in (False, True):
                        heir = LOWER if ours_dies else OUR_PRIORITY
                        skew = skew_s(version, heir, interval)
                        protocol = skew + (3 * interval if end == "kill" else 0)
                        slack = 0.02 if version == 2 else 0.024
                        slack = slack if end == "kill" else 0.01
                        times = measure(wire, folder, version, interval, end, ours_dies)
                        dead, next_one = (("fpvsd", "keepalived") if ours_dies
                                          else ("keepalived", "fpvsd"))
                        good &= report(f"{label}: {dead} {title}, {next_one} takes over", times,
                                       protocol, None if ours_dies else protocol + slack)
    finally:
        for name in (OURS, THEIRS):
            subprocess.run(["ip", "netns", "del", name])
    return 0 if good else 1


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(77)
    # So that what was made is taken away again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
