/** A program for inside a sandbox, in Python: hashes what it gets, sends bytes, ticks for ever, echoes messages. */

/** SHA-256 of what `/bytes?count=` sends. */
export const digestOfGuestBytes = (count: number): string => {
  const chunk = new Uint8Array(65_536).map((_, index) => index % 251);
  const hasher = new Bun.CryptoHasher("sha256");
  for (let sent = 0; sent < count; sent += chunk.length) hasher.update(chunk.subarray(0, count - sent));
  return hasher.digest("hex");
};

/** Listens at the port and, if told so, the address of its arguments. `/root/left` or `left` says who left. */
export const GUEST_PROGRAM = `
import base64, gzip, hashlib, http.server, json, socketserver, struct, sys, time
CHUNK = bytes(index % 251 for index in range(65536))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args): pass
    def answer(self, body, headers={}):
        self.send_response(200)
        for key, value in headers.items(): self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def pieces(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while True:
                size = int(self.rfile.readline().strip(), 16)
                yield self.rfile.read(size)
                self.rfile.readline()
                if size == 0: return
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            if not piece: return
            left -= len(piece)
            yield piece
    def do_POST(self):
        digest = hashlib.sha256()
        for piece in self.pieces(): digest.update(piece)
        self.answer(digest.hexdigest().encode())
    do_PUT = do_POST
    def do_GET(self):
        if self.path == "/gzip": return self.answer(gzip.compress(b"hello"), {"Content-Encoding": "gzip"})
        if self.path == "/moved":
            self.send_response(302); self.send_header("Location", "/gzip"); self.send_header("Content-Length", "0"); self.end_headers(); return
        if self.path.startswith("/bytes?count="): return self.send_bytes(int(self.path.split("=")[1]))
        if self.path == "/ticks":
            self.send_response(200); self.send_header("Transfer-Encoding", "chunked"); self.end_headers()
            try:
                while True:
                    self.wfile.write(b"5\\r\\ntick\\n\\r\\n"); self.wfile.flush(); time.sleep(0.2)
            except OSError:
                open("left", "w").write("yes")
            return
        if self.headers.get("Upgrade") == "websocket": return self.echo_messages()
        self.answer(json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}}).encode())
    def send_bytes(self, count):
        self.send_response(200); self.send_header("Content-Length", str(count)); self.end_headers()
        while count > 0:
            self.wfile.write(CHUNK[:count]); count -= len(CHUNK)
    def echo_messages(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket"); self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        if self.headers.get("Sec-WebSocket-Protocol"): self.send_header("Sec-WebSocket-Protocol", self.headers["Sec-WebSocket-Protocol"].split(",")[0])
        self.end_headers()
        while True:
            head = self.rfile.read(2)
            if len(head) < 2: return
            size = head[1] & 127
            if size == 126: size = struct.unpack(">H", self.rfile.read(2))[0]
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(size)))
            opcode = head[0] & 15
            if opcode == 8:
                self.wfile.write(bytes([0x88, len(data)]) + data); self.close_connection = True; return
            if opcode in (1, 2): self.wfile.write(bytes([0x80 | opcode, len(data)]) + data)
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
Server((sys.argv[2] if len(sys.argv) > 2 else "0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
`;
