"""Requests of HTTP/2 that a server in front of one of HTTP/1.1 has written down in different ways, and what
chance makes of them. Fields are bytes; nothing checks them on the way."""

import random
from dataclasses import dataclass, field

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass
class Form:
    fields: list
    body: bytes = b""
    trailers: list = field(default_factory=list)
    padding: int = 0

    @property
    def shown(self):
        return repr((self.fields, self.body, self.trailers))


def request(*more, method=b"POST", path=b"/form", body=b"", trailers=(), drop=(), replace=None):
    pseudo = [(b":method", method), (b":scheme", b"http"), (b":authority", b"localhost"), (b":path", path)]
    pseudo = [(n, (replace or {}).get(n, v)) for n, v in pseudo if n not in drop]
    return Form(pseudo + list(more), body, list(trailers))


LINES = [b"x\r\ntransfer-encoding: chunked", b"x\r\n\r\n" + SMUGGLED, b"x\ntransfer-encoding: chunked", b"x\rtransfer-encoding: chunked",
         b"x\r\ncontent-length: 0", b"x\x00y", b"\r\n", b"x\r\n y", b" padded ", b"\tpadded", b"x\x0b", b"x\x7f", b"x\x80"]


def known():
    forms = [
        ("plain get", request(method=b"GET")),
        ("plain body", request(body=b"abc")),
        ("plain length", request((b"content-length", b"3"), body=b"abc")),
        ("get with a body", request((b"content-length", b"3"), method=b"GET", body=b"abc")),
        ("get with a body and no length", request(method=b"GET", body=SMUGGLED)),
        ("head with a body", request(method=b"HEAD", body=SMUGGLED)),
        ("a body that is a request", request(body=SMUGGLED)),
        ("a body that is chunks", request(body=b"0\r\n\r\n" + SMUGGLED)),
        ("trailers", request(body=b"abc", trailers=[(b"x-t", b"1")])),
        ("trailers of length", request(body=b"abc", trailers=[(b"content-length", b"30")])),
        ("trailers of coding", request(body=b"abc", trailers=[(b"transfer-encoding", b"chunked")])),
        ("trailers with a line", request(body=b"abc", trailers=[(b"x", b"1\r\n\r\n" + SMUGGLED)])),
        ("trailers with a pseudo field", request(body=b"abc", trailers=[(b":path", b"/smuggled")])),
        ("crumbs of cookie", request((b"cookie", b"a=b"), (b"cookie", b"c=d"))),
        ("H2.CL none", request((b"content-length", b"0"), body=SMUGGLED)),
        ("H2.CL short", request((b"content-length", b"1"), body=b"a" + SMUGGLED)),
        ("H2.CL long", request((b"content-length", b"300"), body=b"abc")),
        ("H2.CL without a body", request((b"content-length", b"43"), method=b"GET")),
        ("H2.CL two", request((b"content-length", b"3"), (b"content-length", b"3"), body=b"abc")),
        ("H2.CL two others", request((b"content-length", b"3"), (b"content-length", b"0"), body=b"abc")),
        ("H2.TE and a length", request((b"transfer-encoding", b"chunked"), (b"content-length", b"3"), body=b"abc")),
        ("expect", request((b"expect", b"100-continue"), body=b"abc")),
        ("expect and a length of another", request((b"expect", b"100-continue"), (b"content-length", b"0"), body=SMUGGLED)),
        ("expect nonsense", request((b"expect", b"y 100-continue"), body=b"abc")),
        ("host alone", request((b"host", b"localhost"), drop=[b":authority"])),
        ("host of the same", request((b"host", b"localhost"))),
        ("host of another", request((b"host", b"other"))),
        ("two hosts", request((b"host", b"localhost"), (b"host", b"other"))),
        ("no host", request(drop=[b":authority"])),
        ("underscore length", request((b"content_length", b"0"), body=SMUGGLED)),
        ("underscore coding", request((b"transfer_encoding", b"chunked"), body=b"0\r\n\r\n" + SMUGGLED)),
    ]
    for value in [b"+3", b"-3", b"0x3", b"3_0", b" 3", b"3 ", b"", b"03", b"3,3", b"3, 3", b"3e0", b"18446744073709551619"]:
        forms.append((f"H2.CL {value!r}", request((b"content-length", value), body=b"abc")))
    for value in [b"chunked", b"Chunked", b" chunked", b"identity", b"chunked, identity", b"xchunked", b"\tchunked", b""]:
        forms.append((f"H2.TE {value!r}", request((b"transfer-encoding", value), body=b"0\r\n\r\n" + SMUGGLED)))
    for name in [b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"te", b"http2-settings"]:
        for value in [b"transfer-encoding", b"content-length", b"trailers", b"h2c", b"close"]:
            forms.append((f"field {name!r} {value!r}", request((name, value), (b"content-length", b"3"), body=b"abc")))
    for value in LINES:
        forms.append((f"value {value[:30]!r}", request((b"x-a", value), body=b"0\r\n\r\n" + SMUGGLED)))
        forms.append((f"cookie {value[:30]!r}", request((b"cookie", value))))
        forms.append((f"crumbs {value[:30]!r}", request((b"cookie", b"a=b"), (b"cookie", value))))
        forms.append((f"name {value[:30]!r}", request((value, b"y"), body=b"0\r\n\r\n" + SMUGGLED)))
        for pseudo in [b":method", b":scheme", b":authority", b":path"]:
            whole = {b":method": b"GET ", b":scheme": b"http", b":authority": b"localhost", b":path": b"/form "}[pseudo]
            forms.append((f"{pseudo!r} {value[:30]!r}", request(replace={pseudo: value})))
            forms.append((f"{pseudo!r} and {value[:30]!r}", request(replace={pseudo: whole + value})))
    for name in [b"Transfer-Encoding", b"Content-Length", b"transfer-encoding ", b" transfer-encoding", b"transfer-encoding:", b"transfer encoding",
                 b":transfer-encoding", b"x: y\r\ntransfer-encoding", b"x: y\r\n\r\nGET /smuggled HTTP/1.1\r\nx", b"", b":", b"\xff", b"x\x00"]:
        forms.append((f"name {name!r}", request((name, b"chunked"), body=b"0\r\n\r\n" + SMUGGLED)))
    for path in [b"", b"form", b"*", b"//", b"//a", b"/a/../b", b"/a/./b", b"/%2e%2e/a", b"/a#b", b"/a?b#c", b"/a b", b"/a\tb", b"http://localhost/form",
                 b"http://other/form", b"/%00", b"/%0d%0a", b"/\\", b"/a;b", b"/form HTTP/1.1\r\nhost: x\r\n\r\n" + SMUGGLED, b"/" + b"a" * 9000, b"/?", b"/\x80"]:
        forms.append((f":path {path[:30]!r}", request(method=b"GET", path=path)))
    for method in [b"", b"get", b"G ET", b"GET /smuggled HTTP/1.1\r\nx: ", b"CONNECT", b"TRACE", b"PRI", b"PATCH", b"X-Y", b"M" * 300, b"GET\x00"]:
        forms.append((f":method {method[:30]!r}", request(method=method)))
    for authority in [b"", b"a, b", b"u@localhost", b"localhost:99999", b"local host", b"[::1]", b"a/b", b"a?b", b"localhost:", b"LOCALHOST", b"a..b"]:
        forms.append((f":authority {authority!r}", request(replace={b":authority": authority})))
    for scheme in [b"", b"https", b"HTTP", b"ftp", b"http://other/x?"]:
        forms.append((f":scheme {scheme!r}", request(replace={b":scheme": scheme})))
    plain = request().fields
    for index, (name, value) in enumerate(plain):
        forms.append((f"{name!r} twice", Form(plain + [(name, value)])))
        forms.append((f"{name!r} twice in front", Form([(name, value)] + plain)))
        forms.append((f"no {name!r}", request(drop=[name])))
        forms.append((f"{name!r} behind a field", Form(plain[:index] + plain[index + 1:] + [(b"x", b"y"), (name, value)])))
    forms += [("an unknown pseudo field", Form(plain + [(b":x", b"y")])), (":status", Form(plain + [(b":status", b"200")])),
              (":protocol", Form(request(method=b"CONNECT").fields + [(b":protocol", b"websocket")])),
              ("padded", Form(plain, b"abc", [], 200)), ("many fields", request(*[(b"x-%d" % n, b"y") for n in range(150)]))]
    return forms


PIECES = [b"\r\n", b"\n", b"\r", b"\x00", b" ", b"\t", b":", b",", b";", b"\x7f", b"\x80", b"0", b"chunked", b"\r\n\r\n", b"A", b"-", b"_", b"%", b"#", b"/"]


def mutate(form, other, chance):
    fields, body = list(form.fields), form.body
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(len(fields)) if fields else 0
        kind = chance.randrange(7)
        if kind < 3 and fields:
            which = chance.choice([0, 1, 1])
            text = bytearray(fields[at][which])
            spot = chance.randrange(len(text) + 1)
            if kind == 0:
                text[spot:spot] = chance.choice(PIECES)
            elif kind == 1:
                del text[spot:spot + 1]
            elif spot < len(text):
                text[spot] ^= 1 << chance.randrange(8)
            fields[at] = (bytes(text), fields[at][1]) if which == 0 else (fields[at][0], bytes(text))
        elif kind == 3 and other.fields:
            fields.insert(chance.randrange(len(fields) + 1), chance.choice(other.fields))
        elif kind == 4 and fields:
            fields.insert(chance.randrange(len(fields) + 1), fields[at])
        elif kind == 5 and fields:
            del fields[at]
        else:
            body = chance.choice([b"", other.body, body + b"x", body[:-1]])
    return Form(fields, body, form.trailers or (other.trailers if chance.random() < 0.1 else []), form.padding)


def generated(count, seed):
    """The known forms, and so many more made of them."""
    chance = random.Random(seed)
    forms = known()
    # Most known forms are refused, and so is most of what is made of them.
    proper = [entry for entry in forms if entry[0].startswith(
        ("plain", "get", "head", "a body", "trailers", "crumbs of", "expect", "host", "under", "padded"))]
    yield from forms
    for number in range(count):
        (name, form), (_, other) = chance.choice(forms if number % 2 else proper), chance.choice(forms)
        yield f"h2 #{number} from {name}", mutate(form, other, chance)
