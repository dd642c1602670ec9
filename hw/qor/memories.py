# SPDX-License-Identifier: Apache-2.0
"""How many memory blocks of an UltraScale+ device a table takes.

A URAM has 4096 words of 72 bits; deeper tables are cascades, which cost no LUT.  A block RAM with
one read and one write port has one of the shapes below.  A LUT is a RAM of 32 words of 2 bits or
of 64 words of 1 bit; 64-deep ones come in eights that share a write address, seven bits each.
"""

URAM_WORDS, URAM_BITS = 4096, 72
# Words and bits of half a RAMB36 (a RAMB18) in simple dual port mode.
HALF_BRAM_SHAPES = [(512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)]


def blocks(count, size):
    return -(-count // size)


def urams(width, depth):
    return blocks(width, URAM_BITS) * blocks(depth, URAM_WORDS)


def brams(width, depth):
    """In RAMB36; a table that fills a half takes a half."""
    return min(blocks(width, bits) * blocks(depth, words) for words, bits in HALF_BRAM_SHAPES) / 2


def lut_rams(width, depth):
    if depth <= 32:
        return 8 * blocks(width, 14)
    return 8 * blocks(width, 7) * blocks(depth, 64)


def resources(width, depth, style):
    """{kind: count} of a table that is bound to `style` (fpvs_ram_s2p's parameter STYLE)."""
    if style == "ultra":
        return {"uram": urams(width, depth)}
    if style == "block" or style == "auto" and width * depth > 4096:
        return {"bram": brams(width, depth)}
    return {"lut_ram": lut_rams(width, depth)}
