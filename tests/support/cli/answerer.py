"""A service that answers what the test says, for what no kernel and no runtime would: names of every kind, silence."""

import http.server
import json
import socket
import threading


class Answerer:
    """`answers`: beginnings of paths, and the JSON for each. What is asked for is kept in `asked`."""

    def __init__(self, case, answers):
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                found = next((answer for path, answer in answers.items() if self.path.startswith(path)), None)
                body = json.dumps({"error": {"message": "there is none"}} if found is None else found).encode()
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()


def silent(case, path=None):
    """A server's address that takes connections and never says anything; at a path: a Unix socket's."""
    listener = socket.create_server(("127.0.0.1", 0)) if path is None else socket.socket(socket.AF_UNIX)
    case.addCleanup(listener.close)
    if path is None:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.bind(path)
    listener.listen()
    return f"unix:{path}"
