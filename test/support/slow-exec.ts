/** A command over `exec/stream` whose client takes its output from the network at a fixed pace, no faster. */
import { connect, type Socket } from "node:net";

const STDOUT = 2;
const BINARY = 2;
/** After this many bytes the pace is looked at. */
const STEP_BYTES = 64 * 1024;

export interface SlowExec {
  serverUrl: string;
  /** Of a sandbox. */
  id: string;
  apiKey: string;
  cmd: string;
  bytesPerSecond: number;
  onOutput: (bytes: Uint8Array) => void;
}

/** A client's frame: always masked, here with zeros. */
const frameOf = (text: string): Buffer => {
  const payload = Buffer.from(text);
  if (payload.length > 125) throw new Error("only short messages are sent here");
  return Buffer.concat([Buffer.of(0x81, 0x80 | payload.length, 0, 0, 0, 0), payload]);
};

interface Frame {
  opcode: number;
  payload: Buffer;
  /** What follows it. */
  rest: Buffer;
}

const cut = (bytes: Buffer, start: number, length: number): Frame | null =>
  bytes.length < start + length
    ? null
    : {
        opcode: (bytes[0] ?? 0) & 0x0f,
        payload: bytes.subarray(start, start + length),
        rest: bytes.subarray(start + length),
      };

/** The first frame; null while it is not whole. Servers do not mask. */
const readFrame = (bytes: Buffer): Frame | null => {
  if (bytes.length < 2) return null;
  const length = bytes[1] ?? 0;
  if (length < 126) return cut(bytes, 2, length);
  if (bytes.length < 10) return null;
  return length === 126
    ? cut(bytes, 4, bytes.readUInt16BE(2))
    : cut(bytes, 10, Number(bytes.readBigUInt64BE(2)));
};

const upgrade = (socket: Socket, { serverUrl, id, apiKey }: SlowExec): void => {
  const lines = [
    `GET /v1/sandboxes/${id}/exec/stream HTTP/1.1`,
    `Host: ${new URL(serverUrl).host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64")}`,
    `X-API-Key: ${apiKey}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
};

/** What the server said last: the exit, or an error. Throws when the connection ends before. */
export const execSlowly = async (options: SlowExec): Promise<Record<string, unknown>> => {
  const { hostname, port } = new URL(options.serverUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  upgrade(socket, options);
  const startedAtMs = performance.now();
  let waiting: Buffer = Buffer.alloc(0);
  let upgraded = false;
  let taken = 0;
  let paced = 0;
  try {
    // Between two rounds the socket is not read: the kernel tells the sender to wait.
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      if (!upgraded) {
        const end = waiting.indexOf("\r\n\r\n");
        if (end === -1) continue;
        if (!waiting.subarray(0, end).includes(" 101 ")) throw new Error(waiting.toString("latin1"));
        upgraded = true;
        waiting = waiting.subarray(end + 4);
        socket.write(frameOf(JSON.stringify({ type: "start", cmd: options.cmd })));
      }
      for (let frame = readFrame(waiting); frame !== null; frame = readFrame(waiting)) {
        waiting = frame.rest;
        if (frame.opcode !== BINARY) {
          const message = JSON.parse(frame.payload.toString()) as Record<string, unknown>;
          if (message["type"] !== "start") return message;
        } else if (frame.payload[0] === STDOUT) {
          options.onOutput(frame.payload.subarray(1));
          taken += frame.payload.length - 1;
        }
      }
      if (taken - paced < STEP_BYTES) continue;
      paced = taken;
      const dueMs = (taken / options.bytesPerSecond) * 1_000 - (performance.now() - startedAtMs);
      if (dueMs > 0) await Bun.sleep(dueMs);
    }
  } finally {
    socket.destroy();
  }
  throw new Error("the connection ended before the command did");
};
