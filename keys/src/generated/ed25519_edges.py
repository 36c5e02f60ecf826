"""Writes ed25519_edges.txt: signatures at the edges of RFC 8032, made with nothing but integers, so by none of the code under test.

    python3 keys/src/generated/ed25519_edges.py > keys/src/generated/ed25519_edges.txt
"""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def mul(n, a):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, a)
        a = add(a, a)
        n >>= 1
    return result


def x_of(y):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    return None if (x * x - square) % P else x


def encoded(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def base():
    y = 4 * pow(5, P - 2, P) % P
    x = x_of(y)
    return (x if x % 2 == 0 else P - x, y)


B = base()


def torsion():
    """The eight points of small order, from one of order eight."""
    y = 2
    while True:
        x = x_of(y)
        if x is not None:
            point = mul(L, (x, y))
            if mul(4, point) != (0, 1):
                return [mul(n, point) for n in range(8)]
        y += 1


def number(*parts):
    return int.from_bytes(sha512(b"".join(parts)).digest(), "little")


def secret(seed):
    raw = sha512(seed).digest()
    scalar = int.from_bytes(raw[:32], "little")
    return (scalar & (2**254 - 8) | 2**254) % 2**255, raw[32:]


def scalar(value):
    return value.to_bytes(32, "little")


def line(name, verdict, key, message, signature):
    print(f"{name}\t{verdict}\t{key.hex()}\t{message.hex() or '-'}\t{signature.hex()}")


def main():
    print("# name, verdict, public key, message, signature. Written by ed25519_edges.py")
    small = torsion()
    a, prefix = secret(b"\x07" * 32)
    A = encoded(mul(a, B))
    m = b"pgseal"
    r = number(prefix, m) % L
    R = encoded(mul(r, B))
    good_s = (r + number(R, A, m) * a) % L
    good = R + scalar(good_s)

    for n, length in enumerate([0, 1, 2, 31, 32, 33, 63, 64, 65, 111, 112, 127, 128, 129, 255, 256, 1023]):
        a_n, prefix_n = secret(bytes([n]) * 32)
        A_n = encoded(mul(a_n, B))
        m_n = bytes((n + i) % 256 for i in range(length))
        r_n = number(prefix_n, m_n) % L
        R_n = encoded(mul(r_n, B))
        s_n = (r_n + number(R_n, A_n, m_n) * a_n) % L
        line(f"honest, {length} bytes", "accept", A_n, m_n, R_n + scalar(s_n))
        if m_n:
            line(f"a byte less of {length}", "refuse", A_n, m_n[:-1], R_n + scalar(s_n))
        line(f"a byte more than {length}", "refuse", A_n, m_n + b"\0", R_n + scalar(s_n))

    for k in range(1, 16):
        if good_s + k * L < 2**256:
            line(f"S plus {k} times the order", "refuse", A, m, R + scalar(good_s + k * L))
    for value, name in [(0, "zero"), (1, "one"), (L - 1, "the order less one"), (L, "the order"), (2**255 - 1, "2^255-1"), (2**256 - 1, "all ones"), (P, "the prime")]:
        line(f"S is {name}", "refuse", A, m, R + scalar(value))
    line("S negated", "refuse", A, m, R + scalar(L - good_s))
    line("halves exchanged", "refuse", A, m, scalar(good_s) + R)
    line("R negated", "refuse", A, m, bytes(R[:31]) + bytes([R[31] ^ 0x80]) + scalar(good_s))
    line("R is the key", "refuse", A, m, A + scalar(good_s))
    line("R is the base point", "refuse", A, m, encoded(B) + scalar((1 + a) % L))

    for order, T in enumerate(small):
        E = encoded(T)
        k = number(E, A, m)
        line(f"R is small point {order}", "refuse", A, m, E + scalar(k * a % L))
        if order:
            mixed = encoded(add(mul(r, B), T))
            line(f"R with small point {order}", "refuse", A, m, mixed + scalar((r + number(mixed, A, m) * a) % L))
        line(f"key is small point {order}, S zero", "key", E, m, E + scalar(0))
        line(f"key is small point {order}, R of the base", "key", E, m, R + scalar(r))
    for value in range(19):
        for sign in (0, 1):
            E = (P + value | sign << 255).to_bytes(32, "little")
            line(f"key is p+{value}, sign {sign}", "key", E, m, good)
            line(f"R is p+{value}, sign {sign}", "refuse", A, m, E + scalar(number(E, A, m) * a % L))
    for y, name in [(1, "one"), (P - 1, "minus one")]:
        E = (y | 1 << 255).to_bytes(32, "little")
        line(f"key is {name} with the sign of x, which is zero", "key", E, m, E + scalar(0))
        line(f"R is {name} with the sign of x, which is zero", "refuse", A, m, E + scalar(number(E, A, m) * a % L))
    y, found = 2, 0
    while found < 16:
        if x_of(y) is None:
            E = y.to_bytes(32, "little")
            line(f"key {y} is no point", "key", E, m, good)
            line(f"R {y} is no point", "refuse", A, m, E + scalar(good_s))
            found += 1
        y += 1

    # the same key, in the variants of RFC 8032 that separate their domains, and with the hashes in another order
    for flag, context, name in [(0, b"pgseal", "ctx"), (1, b"", "ph")]:
        domain = b"SigEd25519 no Ed25519 collisions" + bytes([flag, len(context)]) + context
        body = sha512(m).digest() if flag else m
        r_v = number(domain, prefix, body) % L
        R_v = encoded(mul(r_v, B))
        line(f"Ed25519{name}", "refuse", A, m, R_v + scalar((r_v + number(domain, R_v, A, body) * a) % L))
    line("key and R exchanged in the hash", "refuse", A, m, R + scalar((r + number(A, R, m) * a) % L))
    line("without the key in the hash", "refuse", A, m, R + scalar((r + number(R, m) * a) % L))
    line("honest", "accept", A, m, good)


main()
