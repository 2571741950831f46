"""HTTP/2 frames as bytes: for a client of CRI and for peers that break the rules. Header blocks of the other side are read by
libnghttp2, which stands in the way of no test: it is the frames that are broken."""

import ctypes
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
FRAME_LIMIT = 16384


def frame(kind, payload=b"", flags=0, stream=0):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def block(headers):
    """A header block that needs no table: every field is a literal that is not indexed and not compressed."""
    return b"".join(literal(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers)


def literal(name, value):
    return b"\x00" + hpack_length(len(name)) + name + hpack_length(len(value)) + value


def hpack_length(size):
    if size < 127:
        return bytes([size])
    out, size = bytearray([127]), size - 127
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


def headers(stream, fields, end_stream=False):
    return frame(HEADERS, block(fields), END_HEADERS | (END_STREAM if end_stream else 0), stream)


def data_frames(stream, payload, end_stream=False):
    pieces = [payload[at:at + FRAME_LIMIT] for at in range(0, len(payload), FRAME_LIMIT)] or [b""]
    return b"".join(frame(DATA, piece, END_STREAM if end_stream and at == len(pieces) - 1 else 0, stream) for at, piece in enumerate(pieces))


def grpc_message(payload):
    return b"\x00" + struct.pack(">I", len(payload)) + payload


class NameValue(ctypes.Structure):
    _fields_ = [("name", ctypes.POINTER(ctypes.c_ubyte)), ("value", ctypes.POINTER(ctypes.c_ubyte)), ("name_size", ctypes.c_size_t),
                ("value_size", ctypes.c_size_t), ("flags", ctypes.c_uint8)]


class HeaderDecoder:
    """The header blocks of one connection, in the order in which they come."""

    EMIT, FINAL = 2, 1

    def __init__(self):
        self.library = ctypes.CDLL("libnghttp2.so.14")
        self.library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
        self.handle = ctypes.c_void_p()
        if self.library.nghttp2_hd_inflate_new(ctypes.byref(self.handle)) != 0:
            raise MemoryError

    def __del__(self):
        self.library.nghttp2_hd_inflate_del(self.handle)

    def decode(self, block_bytes):
        fields, left = {}, block_bytes
        while True:
            field, flags = NameValue(), ctypes.c_int(0)
            data = (ctypes.c_ubyte * max(len(left), 1)).from_buffer_copy(left or b"\0")
            taken = self.library.nghttp2_hd_inflate_hd2(self.handle, ctypes.byref(field), ctypes.byref(flags), data,
                                                        ctypes.c_size_t(len(left)), 1)
            if taken < 0:
                raise ValueError(f"no header block: {taken}")
            left = left[taken:]
            if flags.value & self.EMIT:
                name, value = (bytes(at[:size]).decode("utf-8", "replace") for at, size in ((field.name, field.name_size),
                                                                                          (field.value, field.value_size)))
                fields[name] = value
            if flags.value & self.FINAL:
                self.library.nghttp2_hd_inflate_end_headers(self.handle)
                return fields
            if not left and not flags.value & self.EMIT:
                return fields


class Frames:
    """Frames off a socket, with a decoder for the header blocks of the other side."""

    def __init__(self, connection):
        self.connection, self.decoder, self.pending = connection, HeaderDecoder(), b""

    def exactly(self, size):
        while len(self.pending) < size:
            piece = self.connection.recv(65536)
            if not piece:
                raise ConnectionError("the other side has closed")
            self.pending += piece
        taken, self.pending = self.pending[:size], self.pending[size:]
        return taken

    def next(self):
        """(kind, flags, stream, payload)"""
        head = self.exactly(9)
        size = int.from_bytes(head[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream & 0x7FFFFFFF, self.exactly(size)
