/** Requests to a sandbox through the server, as E2B's SDK and browsers send them, and a program that answers. */
import { formatHexId, parseSandboxId } from "../../proto/ids.ts";

export type Dialled = Bun.WebSocket;

const Dial = WebSocket as unknown as new (url: string, options: Bun.WebSocketOptions) => Dialled;

/** E2B's form of an id that the API gave. */
export const hexOf = (sandboxId: string): string => formatHexId(parseSandboxId(sandboxId) ?? "");

/** What names a sandbox's port in a request's head. */
export const addressed = (sandboxId: string, port: number): Record<string, string> => ({
  "e2b-sandbox-id": hexOf(sandboxId),
  "e2b-sandbox-port": String(port),
});

/** One request; compressed answers are left so, redirects are not followed. */
export const trafficFetch = (
  base: string,
  {
    sandboxId,
    port,
    path = "/",
    ...init
  }: BunFetchRequestInit & { sandboxId: string; port: number; path?: string },
): Promise<Response> => {
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(addressed(sandboxId, port))) headers.set(name, value);
  return fetch(`${base}${path}`, { redirect: "manual", decompress: false, ...init, headers });
};

/** Resolves when it is open. */
export const dialThrough = (
  base: string,
  path: string,
  options: { headers: Record<string, string>; protocols?: string[]; tls?: Bun.WebSocketOptions["tls"] },
): Promise<Dialled> =>
  new Promise((resolve, reject) => {
    const socket = new Dial(`${base.replace(/^http/, "ws")}${path}`, {
      perMessageDeflate: false,
      ...options,
    });
    socket.binaryType = "nodebuffer";
    socket.addEventListener("open", () => resolve(socket), { once: true });
    socket.addEventListener("close", ({ code }) => reject(new Error(`closed before it was open: ${code}`)), {
      once: true,
    });
  });
