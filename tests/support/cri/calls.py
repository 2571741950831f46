"""CRI calls of a test: one connection for each, with nothing but frames."""

import socket

from tests.support.cri import http2, protobuf


class CallFailed(RuntimeError):
    pass


def call(path, method, request, service="runtime.v1.RuntimeService", timeout=60):
    """The answer's message as protobuf.fields(); `request` as protobuf.message() takes it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        sent = http2.PREFACE + http2.frame(http2.SETTINGS, b"\x00\x04" + (1 << 24).to_bytes(4, "big"))
        sent += http2.headers(1, [(":method", "POST"), (":scheme", "http"), (":path", f"/{service}/{method}"), (":authority", "localhost"),
                                  ("content-type", "application/grpc"), ("te", "trailers")])
        sent += http2.data_frames(1, http2.grpc_message(protobuf.message(request)), end_stream=True)
        connection.sendall(sent + http2.frame(http2.WINDOW_UPDATE, (1 << 24).to_bytes(4, "big")))
        return answer_on(connection, method)


def answer_on(connection, method):
    frames, body, trailers = http2.Frames(connection), b"", {}
    while True:
        kind, flags, stream, payload = frames.next()
        if kind == http2.SETTINGS and not flags & http2.ACK:
            connection.sendall(http2.frame(http2.SETTINGS, flags=http2.ACK))
        elif kind == http2.PING and not flags & http2.ACK:
            connection.sendall(http2.frame(http2.PING, payload, http2.ACK))
        elif kind == http2.HEADERS:
            trailers.update(frames.decoder.decode(payload))
        elif kind == http2.DATA:
            body += payload
        elif kind in (http2.RST_STREAM, http2.GOAWAY):
            raise CallFailed(f"{method}: the stream was ended: {payload!r}")
        if stream == 1 and flags & http2.END_STREAM and kind in (http2.HEADERS, http2.DATA):
            break
    if trailers.get("grpc-status") != "0":
        raise CallFailed(f"{method}: {trailers.get('grpc-status')}: {trailers.get('grpc-message')}")
    return protobuf.fields(body[5:])
