"""Requests of HTTP/1.1 that servers have read in different ways, and what chance makes of them."""

import random

SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(*lines, body=b"", method=b"POST", target=b"/form", host=b"Host: localhost"):
    head = [method + b" " + target + b" HTTP/1.1"] + ([host] if host else []) + list(lines)
    return b"\r\n".join(head) + b"\r\n\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked"
ABC = b"3\r\nabc\r\n0\r\n\r\n"


def known():
    """(name, bytes): each is followed by a request that must not be read into it."""
    forms = [
        ("plain get", post(method=b"GET")),
        ("plain length", post(b"Content-Length: 3", body=b"abc")),
        ("plain chunked", post(CHUNKED, body=ABC)),
        ("chunk extension", post(CHUNKED, body=b"3;a=b\r\nabc\r\n0\r\n\r\n")),
        ("trailers", post(CHUNKED, body=b"3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n")),
        ("empty length", post(b"Content-Length: 0")),
        ("get with a body", post(b"Content-Length: 3", body=b"abc", method=b"GET")),
        ("head with a body", post(b"Content-Length: 3", body=b"abc", method=b"HEAD")),
        ("options of all", post(method=b"OPTIONS", target=b"*")),
        ("absolute form", post(method=b"GET", target=b"http://localhost/form")),
        ("absolute form of another", post(method=b"GET", target=b"http://other/form")),
        ("absolute form without a path", post(method=b"GET", target=b"http://localhost")),
        ("H01 CL.TE", post(b"Content-Length: 13", CHUNKED, body=b"0\r\n\r\nGET /x H")),
        ("H01 TE.CL", post(CHUNKED, b"Content-Length: 4", body=b"3\r\nabc\r\n0\r\n\r\n")),
        ("H02 two lengths", post(b"Content-Length: 3", b"Content-Length: 5", body=b"abcde")),
        ("H02 equal lengths", post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc")),
        ("H02 list of lengths", post(b"Content-Length: 3, 3", body=b"abc")),
    ]
    for value in [b"+3", b"-3", b"0x3", b"3_0", b" 3 ", b"", b"03", b"3 ", b"\t3", b"3\t", b"3;", b"3e0",
                  b"9223372036854775808", b"18446744073709551619", b"3\x00", b"3\x0b", b"\xa03", b"3,", b",3"]:
        forms.append((f"H03 length {value!r}", post(b"Content-Length:" + b" " + value, body=b"abc")))
    for value in [b"chunked, chunked", b",chunked", b"chunked,", b"identity", b"xchunked", b"chunked;q=1",
                  b"\x0bchunked", b"\xa0chunked", b"chunked\x0b", b"Chunked", b"CHUNKED", b"chunked, identity",
                  b"identity, chunked", b"gzip, chunked", b"\"chunked\"", b"chunke", b"", b"chunked\t",
                  b"\tchunked", b" chunked ", b"chunked\x00"]:
        forms.append((f"H04 coding {value!r}", post(b"Transfer-Encoding: " + value, body=ABC)))
    forms += [
        ("H04 two codings", post(CHUNKED, CHUNKED, body=ABC)),
        ("H04 coding and another", post(CHUNKED, b"Transfer-Encoding: identity", body=ABC)),
        ("H04 coding in 1.0", post(CHUNKED, body=ABC).replace(b"HTTP/1.1", b"HTTP/1.0")),
    ]
    for line in [b"Transfer-Encoding : chunked", b" Transfer-Encoding: chunked", b"Transfer-Encoding\t: chunked",
                 b"X: y\r\n Transfer-Encoding: chunked", b"Transfer_Encoding: chunked", b"Transfer-Encoding:\r\n chunked",
                 b"X: y\rTransfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked", b"Transfer-Encoding\x00: chunked",
                 b"\x00Transfer-Encoding: chunked", b"Transfer-Encoding\xa0: chunked", b"Content-Length : 3",
                 b" Content-Length: 3", b"Content_Length: 3", b"Content-Length\r\n: 3", b"X:\r\nContent-Length: 3"]:
        forms.append((f"H05 line {line!r}", post(line, body=ABC)))
        forms.append((f"H05 line {line!r} and a length", post(line, b"Content-Length: 3", body=b"abc")))
    forms += [
        ("H06 LF", post(method=b"GET").replace(b"\r\n", b"\n")),
        ("H06 CR", post(method=b"GET").replace(b"\r\n", b"\r")),
        ("H06 LF at the end", b"GET / HTTP/1.1\r\nHost: localhost\r\n\n"),
        ("H06 CR before the end", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\r\n"),
        ("H06 LF in chunks", post(CHUNKED, body=b"3\nabc\n0\n\n")),
        ("H06 LF in the last chunk", post(CHUNKED, body=b"3\r\nabc\r\n0\n\n")),
        ("H06 LF in trailers", post(CHUNKED, body=b"3\r\nabc\r\n0\r\nX: 1\n\r\n")),
        ("H06 CR in a value", post(b"X: a\rb", method=b"GET")),
    ]
    for line in [b": x", b"X\x00: y", b"X: \x00", b"X: \x01", b"X: \x7f", b"X\x7f: y", b"X Y: z", b"X", b"X(: y",
                 b"X: \x80", b"\xff: y", b"X:", b"X: " + b"y" * 3000]:
        forms.append((f"H07 {line[:20]!r}", post(line, method=b"GET")))
    for size in [b"0x3", b"+3", b"-3", b"3_0", b" 3", b"3 ", b"\t3", b"3\t", b"03", b"0003", b"3;", b"3;a", b"3;a=\r", b"3;a=\n",
                 b"3;a=\"b\"", b"3 ;a", b"00000000000000003", b"10000000000000000", b"FFFFFFFFFFFFFFFF", b"7FFFFFFFFFFFFFFF", b"3\r",
                 b"", b"g", b"3,", b"3;\x00", b"3;" + b"e" * 5000]:
        forms.append((f"H08 size {size[:20]!r}", post(CHUNKED, body=size + b"\r\nabc\r\n0\r\n\r\n")))
    for name, body in [("no end of data", b"3\r\nabc0\r\n\r\n"), ("more data", b"3\r\nabcd\r\n0\r\n\r\n"),
                       ("less data", b"4\r\nabc\r\n0\r\n\r\n"), ("no last chunk", b"3\r\nabc\r\n"),
                       ("junk after the last", b"3\r\nabc\r\n0\r\nxx\r\n\r\n"), ("last of zeros", b"3\r\nabc\r\n000\r\n\r\n"),
                       ("last with extension", b"3\r\nabc\r\n0;a=b\r\n\r\n"), ("LF after data", b"3\r\nabc\n0\r\n\r\n"),
                       ("CR after data", b"3\r\nabc\r0\r\n\r\n"), ("line before the size", b"\r\n3\r\nabc\r\n0\r\n\r\n"),
                       ("trailer with a length", b"3\r\nabc\r\n0\r\nContent-Length: 30\r\n\r\n"),
                       ("trailer with a coding", b"3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
                       ("trailer folded", b"3\r\nabc\r\n0\r\nX: 1\r\n 2\r\n\r\n")]:
        forms.append((f"H09 H10 {name}", post(CHUNKED, body=body)))
    for host in [b"", b"Host:", b"Host: a\r\nHost: b", b"Host: localhost\r\nHost: localhost", b"Host: a, b", b"Host: u@localhost",
                 b"Host: localhost:99999", b"Host: local host", b"Host: [::1]", b"Host: [::1", b"Host: a/b", b"Host: a?b", b"Host: a#b",
                 b"Host: %61", b"Host : localhost", b"Host: localhost:", b"Host: a..b", b"host: localhost", b"Host: a\\b"]:
        forms.append((f"H11 {host!r}", post(method=b"GET", host=host)))
    for target in [b"", b" ", b"/a b", b"/a\tb", b"x", b"//", b"//a", b"/a//b", b"/../a", b"/a/..", b"/%2e%2e/a", b"/a%0d%0ab", b"/a%00",
                   b"/a#b", b"/a;b", b"/a\\b", b"*", b"localhost:80", b"ftp://localhost/", b"HTTP://localhost/", b"http:///a",
                   b"http://localhost?x", b"http://u@localhost/", b"/\x80", b"/\xff", b"/a\x00", b"/%", b"/%zz", b"/" + b"a" * 9000,
                   b"/a?b?c", b"/?", b"?a", b"/a HTTP/1.1\r\nX: y"]:
        forms.append((f"H12 {target[:24]!r}", post(method=b"GET", target=target)))
    for method in [b"get", b"Get", b"G ET", b"G\tET", b"", b"G\"", b"TRACE", b"CONNECT", b"PRI", b"M" * 300, b"G\x00T", b"\nGET", b" GET",
                   b"GET\t", b"PATCH", b"X-Y", b"X_Y", b"!#$"]:
        forms.append((f"H13 {method[:12]!r}", post(method=method)))
    for version in [b"HTTP/1.32", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.0", b"HTTP/1.", b"HTTP/1", b"http/1.1", b"HTTP/01.1", b"HTTP/1.1 ",
                    b"HTTP/1.1\t", b"HTTP/ 1.1", b"HTTP/1.2", b"HTTP/11", b"", b"HTTP/1.1x", b"HTTP/9.9", b"XTTP/1.1"]:
        forms.append((f"H14 {version!r}", post(method=b"GET").replace(b"HTTP/1.1", version, 1)))
    for value in [b"100-continue", b"y 100-continue", b"100-Continue", b"100-continue, 100-continue", b"", b"tea"]:
        forms.append((f"H18 {value!r}", post(b"Expect: " + value, b"Content-Length: 3", body=b"abc")))
        forms.append((f"H18 {value!r} without a body", post(b"Expect: " + value, method=b"GET")))
    for lines in [[b"Connection: upgrade", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"],
                  [b"Connection: upgrade", b"Upgrade: websocket"],
                  [b"Connection: upgrade", b"Upgrade: websocket", b"Content-Length: 3"],
                  [b"Upgrade: websocket"], [b"Connection: Content-Length", b"Content-Length: 3"],
                  [b"Connection: Host"], [b"Connection: Transfer-Encoding", CHUNKED], [b"Connection: close, X-User", b"X-User: root"],
                  [b"Connection: keep-alive", b"Keep-Alive: 5"], [b"Connection: close\x0b"], [b"Connection: ,,,"],
                  [b"Proxy-Connection: close"], [b"TE: trailers", b"Connection: TE"]]:
        body = ABC if CHUNKED in lines else b"abc" if b"Content-Length: 3" in lines else b""
        forms.append((f"H19 H20 {lines[0]!r} {lines[-1]!r}", post(*lines, body=body, method=b"GET")))
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = b"Content-Length: %d" % len(smuggled)
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(smuggled), smuggled)
    # The end of a size's line, and where its extension ends, in the readings of different servers.
    for name, body in [("TERM.EXT", b"3;\nxx\r\nabc\r\n0\r\n\r\n"), ("TERM.EXT CR", b"3;\rxx\r\nabc\r\n0\r\n\r\n"),
                       ("EXT.TERM", b"3;x\nabc\r\n0\r\n\r\n"), ("EXT.TERM CR", b"3;x\rabc\r\n0\r\n\r\n"),
                       ("TERM.SPILL", b"3\r\nabcXX0\r\n\r\n"), ("SPILL.TERM", b"3\r\nab\r\nc\r\n0\r\n\r\n"),
                       ("ONE.TWO", b"3\r\nabc\n0\r\n\r\n"), ("TWO.ONE", b"3\r\nabcX0\r\n\r\n"), ("two ends", b"3\r\nabc\r\n\r\n0\r\n\r\n"),
                       ("two ends of a size", b"3\r\r\nabc\r\n0\r\n\r\n"), ("quoted end", b'3;a="\r\n"\r\nabc\r\n0\r\n\r\n'),
                       ("quoted LF", b'3;a="\n"\r\nabc\r\n0\r\n\r\n'), ("no value", b"3;a=\r\nabc\r\n0\r\n\r\n"),
                       ("space in front", b"3 ; a = b\r\nabc\r\n0\r\n\r\n"), ("last without its end", b"3\r\nabc\r\n0\r\n"),
                       ("last and X", b"3\r\nabc\r\n0\r\n\rX"), ("TE.0", chunk)]:
        forms.append((f"H08 H09 {name}", post(CHUNKED, body=body)))
        forms.append((f"H08 H09 {name} of a GET", post(CHUNKED, body=body, method=b"GET")))
    for method in [b"GET", b"HEAD", b"POST", b"OPTIONS", b"DELETE", b"PUT"]:
        for name, lines, body in [("CL.0", [length], smuggled), ("TE.0", [CHUNKED], chunk),
                                  ("0.CL", [b"Expect: 100-continue", length], smuggled), ("0.TE", [b"Expect: 100-continue", CHUNKED], chunk)]:
            forms.append((f"H18 H21 {name} {method.decode()}", post(*lines, body=body, method=method)))
    for line in [b"Content-Length : %d", b" Content-Length: %d", b"Content_Length: %d", b"X: y\nContent-Length: %d", b"X: y\rContent-Length: %d",
                 b"Content-Length:\r\n %d", b"Content-Length\x00: %d", b"Content-Length: \x0b%d"]:
        forms.append((f"H18 0.CL {line!r}", post(b"Expect: 100-continue", line % len(smuggled), body=smuggled)))
    for lines in [[b"Transfer-Encoding: chunked", b"Transfer-encoding: x"], [b"Transfer-Encoding: x", CHUNKED], [b"X: X\nTransfer-Encoding: chunked"],
                  [b"Transfer-Encoding\n: chunked"], [b"Transfer-Encoding: chunked\n"], [b"TRANSFER-ENCODING: chunked", b"Content-Length: 4"],
                  [b"Transfer-Encoding: chunked\r\n\t, identity"], [b"Expect: 100-continue", b"Expect: x"]]:
        forms.append((f"H04 TE.TE {lines!r}", post(*lines, body=ABC)))
    for version in [b"HTTP/1.0", b"HTTP/1.1"]:
        for lines, body in [([length], smuggled), ([CHUNKED], chunk), ([length, CHUNKED], chunk), ([b"Connection: keep-alive", length], smuggled),
                            ([b"Connection: keep-alive", CHUNKED], chunk)]:
            forms.append((f"H14 {version!r} {lines!r}", post(*lines, body=body).replace(b"HTTP/1.1", version, 1)))
    for start in [b"GET /form\r\n", b"GET /form\n", b"GET /form \r\n", b"POST /form\r\nHost: localhost\r\n\r\n", b"GET /form HTTP/0.9\r\n\r\n"]:
        forms.append((f"H14 0.9 {start!r}", start))
    for target, host in [(b"http://localhost/form", b"Host: other"), (b"http://localhost:80/form", b"Host: localhost"), (b"http://localhost/form", b""),
                         (b"http://localhost/form", b"Host: LOCALHOST"), (b"http://LOCALHOST/form", b"Host: localhost"), (b"https://localhost/form", b"Host: localhost")]:
        forms.append((f"H11 H12 {target!r} {host!r}", post(method=b"GET", target=target, host=host)))
    for name in [b"Content-Length", b"Transfer-Encoding", b"Host", b"Connection", b"Expect", b"Cookie", b"X-Forwarded-For", b"content-length"]:
        forms.append((f"H20 connection of {name!r}", post(b"Connection: " + name, length, body=smuggled)))
        forms.append((f"H20 connection of close and {name!r}", post(b"Connection: close, " + name, length, body=smuggled)))
    forms += [
        ("lines before", b"\r\n\r\n" + post(method=b"GET")),
        ("LF before", b"\n" + post(method=b"GET")),
        ("space before", b" " + post(method=b"GET")),
        ("junk before", b"xx\r\n" + post(method=b"GET")),
        ("many fields", post(*[b"X-%d: y" % n for n in range(150)], method=b"GET")),
        ("folded", post(b"X: a\r\n b", method=b"GET")),
        ("folded first", b"GET / HTTP/1.1\r\n X: y\r\nHost: localhost\r\n\r\n"),
        ("two requests in a body", post(b"Content-Length: %d" % len(SENTINEL), body=SENTINEL)),
    ]
    return [(name, form + SENTINEL) for name, form in forms]


BYTES = [bytes([b]) for b in b"\x00\x01\t\n\x0b\x0c\r \"#%'(),/:;<=>?@[\\]{}\x7f\x80\x85\xa0\xff0179aAzZ-_+."] + [
    b"\r\n", b"\r\n\r\n", b"\n\r", b"\r\r\n", b"\r\n ", b": ", b" :", b"chunked", b"0\r\n\r\n"]


def mutate(form, other, chance):
    """One to four changes: of bytes, of lines, or with a part of another form."""
    data = bytearray(form)
    for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 4])):
        kind = chance.randrange(8)
        at = chance.randrange(len(data) + 1)
        if kind == 0:
            data[at:at] = chance.choice(BYTES)
        elif kind == 1:
            del data[at:at + chance.choice([1, 1, 2, 5])]
        elif kind == 2:
            data[at:at + 1] = chance.choice(BYTES)
        elif kind == 3 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 4:
            lines = bytes(data).split(b"\r\n")
            line = chance.choice(lines)
            lines.insert(chance.randrange(len(lines) + 1), line)
            data = bytearray(b"\r\n".join(lines))
        elif kind == 5:
            lines = bytes(data).split(b"\r\n")
            a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines[a], lines[b] = lines[b], lines[a]
            data = bytearray(b"\r\n".join(lines))
        elif kind == 6:
            lines = bytes(data).split(b"\r\n")
            more = [line for line in other.split(b"\r\n") if b":" in line] or [b"X: y"]
            lines.insert(1 + chance.randrange(max(1, len(lines) - 2)), chance.choice(more))
            data = bytearray(b"\r\n".join(lines))
        else:
            upper = chance.random() < 0.5
            end = at + chance.randrange(1, 20)
            data[at:end] = data[at:end].upper() if upper else data[at:end].lower()
    return bytes(data)


def generated(count, seed):
    """The known forms, and so many more made of them."""
    chance = random.Random(seed)
    forms = known()
    # Most known forms are refused, and so is most of what is made of them: half is made of those that are proper.
    proper = [entry for entry in forms if not entry[0].startswith("H") or entry[0].startswith(("H18 H21", "H08 H09 TE.0"))]
    yield from forms
    for number in range(count):
        name, form = chance.choice(forms if number % 2 else proper)
        _, other = chance.choice(forms)
        yield f"#{number} from {name}", mutate(form, other, chance)
