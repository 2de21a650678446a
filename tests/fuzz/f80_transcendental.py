#!/usr/bin/env python3
"""The transcendental functions against arbitrary precision (mpmath, 400 bits and more).

Usage, from the top folder: f80_transcendental.py [CASES [SEED]]. Builds cpu/f80*.c as a shared object in a
temporary folder. Prints the largest error in units of the last place for each function, and how
many results were not the correctly rounded one; ends with status 1 when an error exceeds 1 ulp.
Angles are reduced by the x87's own pi of 66 bits, as the specification wants it.
"""
import ctypes, glob, os, random, subprocess, sys, tempfile

try:
    import mpmath
    from mpmath import mp, mpf
except ImportError:
    print("f80_transcendental: skipped: no python3-mpmath")
    sys.exit(0)

mp.prec = 400
HALF_PI_66 = mpf(0xC90FDAA22168C234C) / mpf(2) ** 67


class F80(ctypes.Structure):
    _fields_ = [("significand", ctypes.c_uint64), ("sign_exponent", ctypes.c_uint16)]


class Env(ctypes.Structure):
    _fields_ = [("rounding", ctypes.c_uint8), ("precision", ctypes.c_uint8), ("raised", ctypes.c_uint16),
                ("masks", ctypes.c_uint16), ("rounded_up", ctypes.c_bool)]


def build():
    folder = tempfile.mkdtemp()
    target = os.path.join(folder, "f80.so")
    subprocess.check_call([os.environ.get("CC", "gcc"), "-std=c11", "-O2", "-I.", "-shared", "-fPIC", "-o", target]
                          + os.environ.get("CFLAGS", "").split() + sorted(glob.glob("cpu/f80*.c")))
    library = ctypes.CDLL(target)
    os.remove(target)
    os.rmdir(folder)
    for name in ("2xm1", "yl2x", "yl2xp1", "patan"):
        getattr(library, "f80_" + name).restype = F80
    for name in ("sin", "cos", "tan"):
        getattr(library, "f80_" + name).restype = ctypes.c_bool
    return library


def value(a):
    magnitude = mp.ldexp(mpf(a.significand), max(a.sign_exponent & 0x7FFF, 1) - 16383 - 63)
    return -magnitude if a.sign_exponent & 0x8000 else magnitude


def make(x, rng):
    """The 80-bit number next to the float x, with random low bits."""
    if x == 0:
        return F80(0, 0)
    mantissa, exponent = mp.frexp(mpf(abs(x)))
    return F80(int(mp.ldexp(mantissa, 64)) | rng.getrandbits(11), exponent + 16382 | (0x8000 if x < 0 else 0))


def error_in_ulps(result, exact):
    ulp = mp.ldexp(1, max(result.sign_exponent & 0x7FFF, 1) - 16383 - 63)
    return abs(value(result) - exact) / ulp


def angle(rng):
    choice = rng.randrange(5)
    if choice == 0:
        return make(rng.uniform(-1, 1) * 2.0 ** rng.randrange(-70, 63), rng)
    if choice == 1:  # next to a multiple of pi/2
        return make(float(HALF_PI_66 * rng.randrange(1, 1 << rng.randrange(1, 40))), rng)
    return make(rng.uniform(-8, 8), rng)


def reduced(f):
    def function(x):
        negative, x = x < 0, abs(x)
        mp.prec = 600
        k = mpmath.nint(x / HALF_PI_66)
        rest, quadrant = x - k * HALF_PI_66, int(k) % 4
        sine, cosine = mpmath.sin(rest), mpmath.cos(rest)
        mp.prec = 400
        s, c = [(sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine)][quadrant]
        return f(-s if negative else s, c)
    return function


def log_argument(rng):
    choice = rng.randrange(4)
    if choice == 0:
        return make(rng.uniform(0.5, 2) * mpf(2) ** rng.randrange(-16000, 16000), rng)
    if choice == 1:
        return make(1 + rng.uniform(-1, 1) * 2.0 ** -rng.randrange(1, 50), rng)
    return make(rng.uniform(0, 4) + 1e-3, rng)


def wide(rng, span=60):
    return make(rng.uniform(1, 2) * mpf(2) ** rng.randrange(-span, span) * rng.choice((-1, 1)), rng)


def small(rng, limit):
    return make(rng.uniform(-limit, limit) * 2.0 ** -rng.choice((0, 0, 0, 1, 2, 5, 20, 63, 64, 65, 200)), rng)


def main():
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    library = build()

    def unary(name):
        return lambda env, x: getattr(library, "f80_" + name)(ctypes.byref(env), x)

    def out(name):
        def call(env, x):
            result = F80()
            getattr(library, "f80_" + name)(ctypes.byref(env), x, ctypes.byref(result))
            return result
        return call

    log2 = lambda x: mpmath.log(x) / mpmath.log(2)
    functions = {
        "2xm1": (unary("2xm1"), lambda x: mpmath.expm1(x * mpmath.log(2)), lambda: (small(rng, 1),)),
        "yl2x": (lambda e, x, y: library.f80_yl2x(ctypes.byref(e), x, y), lambda x, y: y * log2(x),
                 lambda: (log_argument(rng), wide(rng))),
        "yl2xp1": (lambda e, x, y: library.f80_yl2xp1(ctypes.byref(e), x, y),
                   lambda x, y: y * mpmath.log1p(x) / mpmath.log(2), lambda: (small(rng, 0.29289), wide(rng))),
        "patan": (lambda e, x, y: library.f80_patan(ctypes.byref(e), x, y), lambda x, y: mpmath.atan2(y, x),
                  lambda: (wide(rng, rng.choice((1, 3, 40, 400))), wide(rng, 3))),
        "sin": (out("sin"), reduced(lambda s, c: s), lambda: (angle(rng),)),
        "cos": (out("cos"), reduced(lambda s, c: c), lambda: (angle(rng),)),
        "tan": (out("tan"), reduced(lambda s, c: s / c), lambda: (angle(rng),)),
    }
    worst_of_all = 0
    for name, (call, exact, operands) in functions.items():
        worst, misrounded = mpf(0), 0
        for _ in range(cases):
            env = Env(rounding=0, precision=3, masks=0x3F)
            arguments = operands()
            result = call(env, *arguments)
            error = error_in_ulps(result, exact(*[value(a) for a in arguments]))
            if error > worst:
                worst, where = error, [hex(a.sign_exponent) + ":" + hex(a.significand) for a in arguments]
            misrounded += error > mpf("0.5")
        print("%-8s %d cases, worst %.6f ulp at %s, %d not correctly rounded"
              % (name, cases, float(worst), " ".join(where), misrounded))
        worst_of_all = max(worst_of_all, worst)
    return worst_of_all > 1


sys.exit(main())
