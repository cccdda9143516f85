/** What a server answers to the opening of a WebSocket: clients hide the status of a refusal. */
import { connect } from "node:net";

const DEADLINE_MS = 10_000;

/** The status (101: opened) and, of a refusal, the error's code. The socket is closed at once. */
export const openSocket = (
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; code: string }> => {
  const { hostname, port, pathname, search, host } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; code: string }>();
  const socket = connect(Number(port), hostname);
  const timer = setTimeout(() => socket.destroy(new Error(`${url} did not answer`)), DEADLINE_MS);
  let text = "";
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64")}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.on("connect", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
    const code = /"code":"([a-z_]+)"/.exec(text)?.[1];
    if (status !== 101 && code === undefined) return;
    resolve({ status, code: code ?? "" });
    socket.destroy();
  });
  socket.on("error", reject);
  socket.on("close", () => {
    clearTimeout(timer);
    reject(new Error(`${url} closed after ${JSON.stringify(text.slice(0, 200))}`));
  });
  return promise;
};
