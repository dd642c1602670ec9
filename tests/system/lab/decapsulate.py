#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server's end of an IP-in-IP tunnel, for kernels without the ipip module: takes the outer
header off (RFC 2003) and gives the packet to the host by a TUN device.  Runs until it is killed."""
import fcntl
import socket
import struct
import subprocess

DEVICE = b"tunl0"
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
PACKET_BYTES_MAX = 65535


def main():
    tun = open("/dev/net/tun", "wb", buffering=0)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", DEVICE, IFF_TUN_NO_PI))
    device = DEVICE.decode()
    subprocess.run(["ip", "link", "set", device, "up"], check=True)
    with open(f"/proc/sys/net/ipv4/conf/{device}/rp_filter", "w", encoding="ascii") as rp_filter:
        rp_filter.write("0")
    outer = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPIP)
    while True:
        packet = outer.recv(PACKET_BYTES_MAX)
        tun.write(packet[(packet[0] & 0xF) * 4:])


if __name__ == "__main__":
    main()
