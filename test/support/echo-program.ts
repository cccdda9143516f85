/** A program as it might listen in a sandbox: it tells what it was asked, hashes, streams, echoes. */

export interface Seen {
  method: string;
  path: string;
  headers: Record<string, string>;
}

/** Also one message of a flood. */
export const CHUNK = new Uint8Array(64 * 1024).map((_, index) => index % 251);

/** SHA-256 of the bytes that `/bytes?count=` sends. */
export const digestOfBytes = (count: number): string => {
  const hasher = new Bun.CryptoHasher("sha256");
  for (let sent = 0; sent < count; sent += CHUNK.length) hasher.update(CHUNK.subarray(0, count - sent));
  return hasher.digest("hex");
};

const sendBytes = (
  count: number,
  onSent: (total: number) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let sent = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const piece = CHUNK.slice(0, count - sent);
        if (piece.length > 0) controller.enqueue(piece);
        sent += piece.length;
        onSent(sent);
        if (sent >= count) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
};

export class EchoProgram implements AsyncDisposable {
  readonly server: Bun.Server<undefined>;
  /** Bytes that left for `/bytes`, and that `/slow` took, of the last request each. */
  sent = 0;
  taken = 0;
  /** Streams whose reader left. */
  left = 0;
  readonly #listeners = new Set<() => void>();
  /** Ends the streams of `/ticks`, abruptly. */
  readonly #breaks = new Set<() => void>();

  constructor() {
    this.server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request, server) => this.#answer(request, server),
      websocket: {
        maxPayloadLength: 64 << 20,
        perMessageDeflate: false,
        backpressureLimit: 0,
        message: (socket, message) => {
          const flood = typeof message === "string" ? /^flood (\d+)$/.exec(message)?.[1] : undefined;
          for (let count = 0; count < Number(flood); count += 1) socket.send(CHUNK);
          if (flood !== undefined) return;
          if (message === "close") socket.close(4_001, "asked to");
          else if (message === "break") socket.terminate();
          else socket.send(message);
        },
      },
    });
  }

  get url(): string {
    return this.server.url.origin;
  }

  breakStreams(): void {
    for (const end of this.#breaks) end();
    this.#breaks.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop(true);
  }

  async #answer(request: Request, server: Bun.Server<undefined>): Promise<Response | undefined> {
    const { pathname, search, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/socket": {
        const asked = request.headers.get("sec-websocket-protocol");
        const headers: Record<string, string> = asked?.includes("chat")
          ? { "sec-websocket-protocol": "chat" }
          : {};
        request.headers.delete("sec-websocket-protocol");
        return server.upgrade(request, { headers }) ? undefined : new Response("no socket", { status: 426 });
      }
      case "/hash": {
        const hasher = new Bun.CryptoHasher("sha256");
        for await (const piece of request.body ?? []) hasher.update(piece);
        return new Response(hasher.digest("hex"));
      }
      case "/slow":
        this.taken = 0;
        for await (const piece of request.body ?? []) {
          this.taken += piece.byteLength;
          await Bun.sleep(5);
        }
        return new Response(String(this.taken));
      case "/bytes":
        return new Response(
          sendBytes(Number(searchParams.get("count")), (total) => void (this.sent = total)),
        );
      case "/ticks":
        return this.#ticks();
      case "/quiet":
        return this.#quiet();
      case "/gzip":
        return new Response(Bun.gzipSync(Buffer.from("hello")), { headers: { "content-encoding": "gzip" } });
      case "/moved":
        return new Response(null, { status: 302, headers: { location: "/elsewhere" } });
      case "/cookies":
        return new Response("set", {
          headers: [
            ["set-cookie", "theirs=1; Path=/; HttpOnly"],
            ["set-cookie", "wrenn_refresh_0=planted; Path=/v1/auth"],
            ["set-cookie", "second=2"],
          ],
        });
      case "/status":
        return new Response(null, { status: Number(searchParams.get("code")) });
      default: {
        const seen: Seen = {
          method: request.method,
          path: pathname + search,
          headers: Object.fromEntries(request.headers),
        };
        return Response.json(seen, { headers: { "x-theirs": "1", "wrenn-error": "sandbox_not_found" } });
      }
    }
  }

  /** Says something to all who listen to `/quiet`. */
  speak(): void {
    for (const say of this.#listeners) say();
  }

  #quiet(): Response {
    let say = (): void => {};
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode("quiet\n"));
        say = () => controller.enqueue(new TextEncoder().encode("spoken\n"));
        this.#listeners.add(say);
      },
      cancel: () => void this.#listeners.delete(say),
    });
    return new Response(stream);
  }

  #ticks(): Response {
    let end = (): void => {};
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode("data: tick\n\n"));
        end = () => controller.error("broken on purpose");
        this.#breaks.add(end);
      },
      cancel: () => {
        this.#breaks.delete(end);
        this.left += 1;
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  }
}
