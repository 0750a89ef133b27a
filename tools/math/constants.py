#!/usr/bin/env python3
"""Constants of src/math that are cut into parts, and the bits of 2/pi. Needs mpmath."""
from mpmath import floor, log, mp, mpf, nint, pi

mp.prec = 2000


def parts(value, bits, count):
    """count numbers of `bits` significant bits whose sum approaches value."""
    result = []
    for _ in range(count):
        mantissa, exponent = mp.frexp(value)
        part = mp.ldexp(nint(mp.ldexp(mantissa, bits)), exponent - bits)
        result.append(float(part).hex())
        value -= part
    return " ".join(result)


def show(name, value):
    print(f"{name}\n  float  {parts(value, 24, 3)}\n  double {parts(value, 53, 4)}")


show("ln 2", log(mpf(2)))
show("1 / ln 2", 1 / log(mpf(2)))
show("pi", pi)
show("1 / pi", 1 / pi)
show("pi / 2", pi / 2)
show("2 / pi", 2 / pi)
show("1 / 3", mpf(1) / 3)
rest = pi / 2 - mpf(float.fromhex("0x1.921fb4p+0"))
second = parts(rest, 14, 1)
print(f"pi / 2 - 0x1.921fb4p+0, in 14 bits and a float\n  {second} {parts(rest - float.fromhex(second), 24, 1)}")
for cut in ("0x1.62e4p-1", "0x1.62e42feep-1"):
    print(f"ln 2 - {cut}\n  {float(log(mpf(2)) - mpf(float.fromhex(cut))).hex()}")
print("2 / pi, fraction bits in words of 64")
print("  " + " ".join(f"{int(floor(mp.ldexp(2 / pi, 64 * (i + 1)))) % 2**64:#018x}" for i in range(20)))
print("pi / 2, 126 fraction bits in two words")
print("  " + " ".join(f"{int(nint(mp.ldexp(pi / 2, 126))) >> s & (2**64 - 1):#018x}" for s in (64, 0)))
