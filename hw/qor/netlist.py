# SPDX-License-Identifier: Apache-2.0
"""What yosys made of a module: cells by kind, and the longest path between registers.

A path's length is its LUTs; a carry chain and a read of distributed RAM count as one, the
multiplexers within a slice (MUXF7 to MUXF9) and inverters as none.
"""
import collections
import re

from memories import resources

KINDS = ("lut", "lut_ram", "srl", "ff", "bram", "uram", "dsp")
TABLE = "fpvs_ram_s2p"

# LUTs that a cell of distributed RAM takes.
LUT_RAM_LUTS = {"RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8,
                "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "RAM512X1S": 8,
                "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM256X1D": 8}
LUT = re.compile(r"LUT[1-6]$|INV$")
FREE = re.compile(r"MUXF[789]$|INV$|BUFG|IBUF$|OBUF$|VCC$|GND$")


def number(value):
    """A parameter as yosys writes it: a string of bits, or a number."""
    return value if isinstance(value, int) else int(value, 2)


def cell_cost(cell):
    """{kind: count} of a cell of the device's library or of a table; None if it is a module."""
    kind = cell["type"]
    if kind == TABLE:
        parameters = cell["parameters"]
        return resources(number(parameters["WIDTH"]), number(parameters["DEPTH"]),
                         parameters.get("STYLE", "auto").strip())
    if LUT.match(kind):
        return {"lut": 1}
    if kind in LUT_RAM_LUTS:
        return {"lut_ram": LUT_RAM_LUTS[kind]}
    if kind.startswith("SRL"):
        return {"srl": 1}
    if re.match(r"FD[RSCP]E", kind):
        return {"ff": 1}
    if kind.startswith("RAMB36"):
        return {"bram": 1}
    if kind.startswith("RAMB18"):
        return {"bram": 0.5}
    if kind.startswith("URAM"):
        return {"uram": 1}
    if kind.startswith("DSP48"):
        return {"dsp": 1}
    if kind.startswith("CARRY") or FREE.match(kind):
        return {}
    return None


def cost(modules, name):
    """{kind: count} of a module and all below it."""
    total = collections.Counter()
    for cell in modules[name]["cells"].values():
        own = cell_cost(cell)
        if own is None:
            if cell["type"] not in modules:
                raise ValueError(f"{name}: what is a {cell['type']}?")
            own = cost(modules, cell["type"])
        total.update(own)
    return {kind: total[kind] for kind in KINDS}


# -- Levels ---------------------------------------------------------------------------------------

def is_boundary(cell):
    """Its outputs come from registers, and its inputs go to some."""
    kind = cell["type"]
    if kind.startswith("DSP48"):
        return any(number(cell["parameters"].get(r, 0)) for r in ("PREG", "MREG", "AREG", "BREG"))
    return kind == TABLE or kind.startswith(("FD", "SRL", "RAMB", "URAM"))


def flat_cells(modules, name, path="", nets=None, counter=None):
    """Yields (instance path, cell, {pin: nets}) of all library cells below a module, with nets
    that mean the same everywhere."""
    counter = counter if counter is not None else [0]
    nets = nets if nets is not None else {}
    own = {}

    def net(bit):
        if isinstance(bit, str):
            return None  # A constant.
        if bit in nets:
            return nets[bit]
        if bit not in own:
            counter[0] += 1
            own[bit] = counter[0]
        return own[bit]

    for cell_name, cell in modules[name]["cells"].items():
        pins = {pin: [net(b) for b in bits] for pin, bits in cell["connections"].items()}
        if cell_cost(cell) is not None:
            yield path, cell, pins
            continue
        inner = modules[cell["type"]]
        ports = {}
        for pin, bits in pins.items():
            for inside, outside in zip(inner["ports"][pin]["bits"], bits):
                if not isinstance(inside, str) and outside is not None:
                    ports[inside] = outside
        yield from flat_cells(modules, cell["type"], f"{path}/{cell_name}", ports, counter)


def weight(kind, pin):
    """Levels that a cell adds between an input pin and its outputs; None: no way through."""
    if kind.startswith("CARRY"):
        return 0 if pin in ("CI", "CI_TOP") else 1
    if kind in LUT_RAM_LUTS:
        return 1 if pin.startswith(("ADDR", "A", "DPRA")) else None
    return 0 if FREE.match(kind) else 1


def longest_path(modules, name):
    """(levels, places): the longest path between registers below a module, and the instances that
    it passes in order."""
    drivers = {}  # Net -> (place, [(net, weight)]).
    starts = {}  # Net of a register -> place.
    ends = []
    for path, cell, pins in flat_cells(modules, name):
        place = path.split("/")[1] if path else name
        directions = cell["port_directions"]
        inputs = [(n, pin) for pin in pins if directions[pin] == "input" for n in pins[pin]
                  if n is not None]
        outputs = [n for pin in pins if directions[pin] == "output" for n in pins[pin]]
        if is_boundary(cell):
            ends += [(n, place) for n, _ in inputs]
            starts.update((n, place) for n in outputs)
            continue
        through = [(n, weight(cell["type"], pin)) for n, pin in inputs]
        ends += [(n, place) for n, w in through if w is None]
        through = [(n, w) for n, w in through if w is not None]
        drivers.update((n, (place, through)) for n in outputs)
    level = {}
    for start in [n for n, _ in ends]:
        settle_levels(start, drivers, level)
    if not ends:
        return 0, []
    end, place = max(ends, key=lambda e: level[e[0]][0])
    places = [place]
    net = end
    while net is not None:
        here = drivers[net][0] if net in drivers else starts.get(net, "port")
        if here != places[-1]:
            places.append(here)
        net = level[net][1]
    return level[end][0], places[::-1]


def settle_levels(start, drivers, level):
    """Depth first without recursion; level[net] = (levels up to it, the net before)."""
    stack = [(start, False)]
    open_nets = set()
    while stack:
        net, done = stack.pop()
        if done:
            open_nets.discard(net)
            best = (0, None)
            for before, w in drivers[net][1]:
                if level[before][0] + w > best[0] or best[1] is None:
                    best = (level[before][0] + w, before)
            level[net] = best
            continue
        if net in level:
            continue
        if net not in drivers:
            level[net] = (0, None)
            continue
        if net in open_nets:
            raise ValueError(f"a loop without a register in {drivers[net][0]}")
        open_nets.add(net)
        stack.append((net, True))
        stack += [(before, False) for before, _ in drivers[net][1] if before not in level]
