#!/usr/bin/env python3
"""Minimax polynomials of src/math: the Remez exchange in 60 digits, coefficients rounded one by one.

Each fit approximates f on [a, b] by sum c_i x^(p_i), minimising the largest |weight * (sum - f)|. The coefficients
are then rounded to the wanted format, lowest first, and the later ones make up for each rounding by least squares.
The printed error is that of the rounded polynomial. Prints C++ hexadecimal literals. Needs mpmath.

    minimax.py [NAME...]      all fits, or those named
"""
import sys

from mpmath import mp, mpf, matrix, lu_solve, exp, log, sin, cos, tan, tanh, sqrt, pi, cospi

mp.prec = 240


def round_to(value, bits):
    """value with `bits` significant bits, ties to even."""
    if value == 0:
        return mpf(0)
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, bits)), exponent - bits)


def drop_extremum(extrema, errors):
    """Removes the smallest extremum; an inner one takes the smaller neighbour along, so that signs still alternate."""
    smallest = min(range(len(extrema)), key=lambda i: abs(errors[extrema[i]]))
    if 0 < smallest < len(extrema) - 1:
        if abs(errors[extrema[smallest - 1]]) < abs(errors[extrema[smallest + 1]]):
            smallest -= 1
        del extrema[smallest + 1]
    del extrema[smallest]


def remez(f, weight, powers, a, b):
    """Coefficients of the best weighted approximation to f on [a, b] in the basis x^p."""
    n = len(powers)
    points = [(a + b) / 2 + (b - a) / 2 * cospi(mpf(2 * i + 1) / (2 * n + 2)) for i in range(n, -1, -1)]
    grid = [(a + b) / 2 - (b - a) / 2 * cospi(mpf(i) / (40 * n)) for i in range(40 * n + 1)]
    table = [(x, f(x), weight(x)) for x in grid if weight(x) != 0]
    for _ in range(12):
        system = matrix(n + 1, n + 1)
        right = matrix(n + 1, 1)
        for row, x in enumerate(points):
            for column, power in enumerate(powers):
                system[row, column] = x ** power * weight(x)
            system[row, n] = (-1) ** row
            right[row] = f(x) * weight(x)
        solution = lu_solve(system, right)
        errors = [w * (sum(solution[i] * x ** p for i, p in enumerate(powers)) - y) for x, y, w in table]
        extrema = []
        for i, error in enumerate(errors):
            if extrema and (error > 0) == (errors[extrema[-1]] > 0):
                if abs(error) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n + 1:
            drop_extremum(extrema, errors)
        if len(extrema) < n + 1:
            break
        points = [table[i][0] for i in extrema]
        largest = max(abs(e) for e in errors)
        if largest < abs(solution[n]) * mpf("1.001"):
            break
    return [solution[i] for i in range(n)]


def worst_error(f, weight, terms, a, b):
    worst = mpf(0)
    for i in range(2001):
        x = a + (b - a) * i / 2000
        worst = max(worst, abs(weight(x) * (sum(c * x ** p for p, c in terms) - f(x))))
    return worst


def spread(weight, power, amount, powers, a, b):
    """Coefficients in `powers` that make up for a term amount * x^power, by weighted least squares."""
    n = len(powers)
    nodes = [(a + b) / 2 + (b - a) / 2 * cospi(mpf(2 * i + 1) / (8 * n)) for i in range(4 * n)]
    rows = [[x ** p * weight(x) for p in powers] for x in nodes]
    right = [amount * x ** power * weight(x) for x in nodes]
    normal = matrix(n, n)
    projected = matrix(n, 1)
    for i in range(n):
        projected[i] = sum(row[i] * y for row, y in zip(rows, right))
        for j in range(n):
            normal[i, j] = sum(row[i] * row[j] for row in rows)
    return lu_solve(normal, projected)


def fit(f, weight, powers, a, b, bits):
    """Rounded coefficients [(power, value)], lowest power first; each rounding error is spread over the later ones."""
    terms = remez(f, weight, powers, a, b)
    for i in range(len(powers)):
        rounded = round_to(terms[i], bits)
        if i + 1 < len(powers):
            change = spread(weight, powers[i], terms[i] - rounded, powers[i + 1:], a, b)
            for j in range(len(change)):
                terms[i + 1 + j] += change[j]
        terms[i] = rounded
    return list(zip(powers, terms))


def hexadecimal(value, single):
    text = float(value).hex()
    mantissa, exponent = text.split("p")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return mantissa + "p" + exponent + ("f" if single else "")


def limit(x, value, otherwise):
    return value if abs(x) < mpf(10) ** -20 else otherwise()


HALF_LN2 = log(mpf(2)) / 2 * mpf("1.0001")
QUARTER_PI = pi / 4 * mpf("1.0001")
LOW, HIGH = sqrt(mpf(0.5)) - 1, sqrt(mpf(2)) - 1
S_MAX2 = (HIGH / (2 + HIGH)) ** 2 * mpf("1.0001")
E_LOG2 = 1 / log(mpf(2))


def atanh_series(z):
    """(atanh(s) / s - 1) / s^2 for z = s^2."""
    return sum(z ** k / (2 * k + 3) for k in range(60))


# name: (comment, f, weight, number of terms, a, b, bits)
FITS = {
    "exp_f32": ("exp(r) = 1 + r + r^2 q(r), relative", lambda r: limit(r, mpf(0.5), lambda: (exp(r) - 1 - r) / r**2),
                lambda r: r**2 / exp(r), 5, -HALF_LN2, HALF_LN2, 24),
    "exp2_f32": ("2^r = 1 + r (c + r q(r)), c = ln 2; relative", lambda r: limit(
        r, log(mpf(2))**2 / 2, lambda: (mpf(2)**r - 1 - r * log(mpf(2))) / r**2),
                 lambda r: r**2 / mpf(2)**r, 5, mpf(-0.5), mpf(0.5), 24),
    "log_f32": ("log(1 + f) = f + f^2 q(f), relative", lambda f: limit(f, mpf(-0.5), lambda: (log(1 + f) - f) / f**2),
                lambda f: limit(f, mpf(0), lambda: abs(f**2 / log(1 + f))), 9, LOW, HIGH, 24),
    "log2_f32": ("log2(1 + f) = f + f g(f), relative", lambda f: limit(
        f, E_LOG2 - 1, lambda: log(1 + f) / f * E_LOG2 - 1),
                 lambda f: limit(f, 1 / E_LOG2, lambda: abs(f / log(1 + f) / E_LOG2)), 10, LOW, HIGH, 24),
    "sin_f32": ("sin(r) = r + r^3 S(r^2), relative, z = r^2", lambda z: limit(
        z, -mpf(1) / 6, lambda: (sin(sqrt(z)) / sqrt(z) - 1) / z),
                lambda z: limit(z, mpf(0), lambda: z * sqrt(z) / sin(sqrt(z))), 3, mpf(0), QUARTER_PI**2, 24),
    "cos_f32": ("cos(r) = 1 - r^2/2 + r^4 C(r^2), relative, z = r^2", lambda z: limit(
        z, mpf(1) / 24, lambda: (cos(sqrt(z)) - 1 + z / 2) / z**2),
                lambda z: z**2 / cos(sqrt(z)), 3, mpf(0), QUARTER_PI**2, 24),
    "tan_f32": ("tan(r) = r + r^3 T(r^2), relative, z = r^2", lambda z: limit(
        z, mpf(1) / 3, lambda: (tan(sqrt(z)) / sqrt(z) - 1) / z),
                lambda z: limit(z, mpf(0), lambda: z * sqrt(z) / tan(sqrt(z))), 7, mpf(0), QUARTER_PI**2, 24),
    "log2_narrow": ("log2((1 + s) / (1 - s)) = s P(s^2), relative, z = s^2", lambda z: 2 * E_LOG2 * (
        1 + z * atanh_series(z)), lambda z: 1 / (2 * E_LOG2), 6, mpf(0), S_MAX2, 53),
    "exp2_narrow": ("2^r = P(r), relative", lambda r: mpf(2)**r, lambda r: 1 / mpf(2)**r, 8, mpf(-0.5), mpf(0.5), 53),
    "exp_f64": ("exp(r) = 1 + r + r^2 q(r), relative", lambda r: limit(r, mpf(0.5), lambda: (exp(r) - 1 - r) / r**2),
                lambda r: r**2 / exp(r), 10, -HALF_LN2, HALF_LN2, 53),
    "log_f64": ("log((1 + s) / (1 - s)) = 2 s + 2 s^3 P(s^2), relative, z = s^2", atanh_series,
                lambda z: z, 8, mpf(0), S_MAX2, 53),
    "log_tail_f64": ("the same with 1/3 split off: P(z) = 1/3 + z Q(z)", lambda z: sum(
        z**k / (2 * k + 5) for k in range(60)),
                     lambda z: z**2, 8, mpf(0), S_MAX2, 53),
    "sin_f64": ("sin(r) = r + r^3 S(r^2), relative, z = r^2", lambda z: limit(
        z, -mpf(1) / 6, lambda: (sin(sqrt(z)) / sqrt(z) - 1) / z),
                lambda z: limit(z, mpf(0), lambda: z * sqrt(z) / sin(sqrt(z))), 6, mpf(0), QUARTER_PI**2, 53),
    "cos_f64": ("cos(r) = 1 - r^2/2 + r^4 C(r^2), relative, z = r^2", lambda z: limit(
        z, mpf(1) / 24, lambda: (cos(sqrt(z)) - 1 + z / 2) / z**2),
                lambda z: z**2 / cos(sqrt(z)), 6, mpf(0), QUARTER_PI**2, 53),
}


def tanh_piece(low, high, center):
    """tanh(c + d) = tanh(c) + d P(d) on low <= c + d <= high; near 0 the first term is d itself."""
    c = mpf(float.fromhex(center))
    slope = (lambda d: limit(d, mpf(0), lambda: tanh(d) / d - 1)) if c == 0 else (
        lambda d: limit(d, 1 - tanh(c)**2, lambda: (tanh(c + d) - tanh(c)) / d))
    weight = lambda d: limit(c + d, mpf(1), lambda: abs(d) / tanh(c + d))
    return (f"tanh({center} + d) = {hexadecimal(round_to(tanh(c), 24), True)} + d P(d), relative", slope, weight, 8,
            mpf(low) - c, mpf(high) - c, 24)


# The centers are floats whose tanh is one to 2^-33.
for piece, (low, high, center) in enumerate((
        (0, 0.5, "0x0p+0"), (0.5, 1, "0x1.8000d6p-1"), (1, 2, "0x1.800116p+0"), (2, 3, "0x1.3fff66p+1"),
        (3, 5, "0x1.00005ap+2"), (5, 7, "0x1.800674p+2"), (7, "9.02", "0x1.fe2804p+2"))):
    FITS[f"tanh_f32_{piece}"] = tanh_piece(low, high, center)


def main(names):
    for name in names or FITS:
        comment, f, weight, terms, a, b, bits = FITS[name]
        result = fit(f, weight, list(range(terms)), a, b, bits)
        error = worst_error(f, weight, result, a, b)
        print(f"{name}: {comment}; error 2^{float(log(error, 2)):.2f}")
        for power, value in result:
            print(f"  {power}: {hexadecimal(value, bits == 24)}")


if __name__ == "__main__":
    main(sys.argv[1:])
