/** The guest agent, asked over a plain socket from inside the namespace. */
import type { InitRequest } from "../../../agent/guest/protocol.ts";
import { GUEST_ADDRESS } from "../../../agent/system/guest-network.ts";
import { GUEST_PORT } from "../../../proto/guest-port.ts";
import { BlockingSocket, SocketFailed } from "./blocking-socket.ts";

const HEALTH_POLL_MS = 2;
const HEALTH_DEADLINE_MS = 30_000;
/** The guest's network is up from its first instant: what is late is at work, not lost. */
const TIMEOUTS = { connectMs: 20_000, answerMs: 20_000 };

const request = (namespace: string, options: { head: string[]; body: Uint8Array; until: string }): string => {
  const socket = BlockingSocket.inNamespace(namespace, GUEST_ADDRESS, GUEST_PORT, TIMEOUTS);
  try {
    const head = [...options.head, "Host: guest", `Content-Length: ${options.body.length}`];
    socket.send(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), options.body]));
    let answer = "";
    for (;;) {
      const more = socket.receive();
      if (more === null) return answer;
      answer += more;
      if (answer.includes(options.until)) return answer;
    }
  } finally {
    socket.close();
  }
};

/** Asks every 2 ms until GET /health succeeds. */
export const waitHealthy = (namespace: string): void => {
  const deadline = performance.now() + HEALTH_DEADLINE_MS;
  const options = {
    head: ["GET /health HTTP/1.1"],
    body: new Uint8Array(),
    until: "\r\n\r\n",
  };
  while (performance.now() < deadline) {
    try {
      if (request(namespace, options).startsWith("HTTP/1.1 204")) return;
    } catch (error) {
      if (!(error instanceof SocketFailed)) throw error;
    }
    Bun.sleepSync(HEALTH_POLL_MS);
  }
  throw new Error(`the floor's guest was not healthy within ${HEALTH_DEADLINE_MS} ms`);
};

/** A template's own token is known to nobody: no command runs before /init has given another. */
const ACCESS_TOKEN = "floor";

/** What the agent asks of every sandbox before it hands it out. */
export const initialize = (namespace: string): void => {
  const body: InitRequest = {
    timestamp: new Date().toISOString(),
    entropy: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
    accessToken: ACCESS_TOKEN,
    identity: { hostname: "floor", machineId: crypto.randomUUID().replaceAll("-", "") },
  };
  const answer = request(namespace, {
    head: ["POST /init HTTP/1.1", "Content-Type: application/json"],
    body: new TextEncoder().encode(JSON.stringify(body)),
    until: "\r\n\r\n",
  });
  if (!answer.startsWith("HTTP/1.1 2")) throw new Error(`the floor's /init failed: ${answer.slice(0, 300)}`);
};

/** Runs a command over process.Process/Start (Connect, JSON), after `initialize`, and waits for its end. */
export const runCommand = (namespace: string, argv: [string, ...string[]]): void => {
  const [cmd, ...args] = argv;
  const message = new TextEncoder().encode(JSON.stringify({ process: { cmd, args }, stdin: false }));
  const body = new Uint8Array(5 + message.length);
  new DataView(body.buffer).setUint32(1, message.length);
  body.set(message, 5);
  const answer = request(namespace, {
    head: [
      "POST /process.Process/Start HTTP/1.1",
      "Content-Type: application/connect+json",
      "Connect-Protocol-Version: 1",
      `Authorization: Basic ${btoa("user:")}`,
      `X-Access-Token: ${ACCESS_TOKEN}`,
    ],
    body,
    until: '"end"',
  });
  if (!answer.includes("exit status 0")) throw new Error(`the floor's command failed: ${answer.slice(-300)}`);
};
