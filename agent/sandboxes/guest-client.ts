/** How the agent itself talks to the guest agent of a sandbox: is it up, /init, and small commands. */
import { randomBytes } from "node:crypto";

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { readBounded, readBoundedJson, SMALL_ANSWER } from "../../proto/bounded-body.ts";
import { Process } from "../../proto/gen/process/process_pb.ts";
import { guardConnectAnswer, GUEST_ANSWER } from "../../proto/guarded-body.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { AgentError } from "../errors.ts";
import { encodeInit, type InitOrder } from "../guest/init/wire.ts";
import type { InitRequest } from "../guest/protocol.ts";
import { initByDatagram } from "./init-datagram.ts";

/** How long an unanswered attempt stays alone, and when it is given up; later ones have up to 16 times as long. */
interface Patience {
  hedgeMs: number;
  attemptMs: number;
}

/** While a guest boots, packets are lost until its network is up. */
const BOOTING: Patience = { hedgeMs: 150, attemptMs: 500 };
/**
 * The network of a restored guest is up from its first instant: what has not answered is at work, and
 * every further request would only give it more to do.
 */
const RESTORED: Patience = { hedgeMs: 2_000, attemptMs: 5_000 };

const REFUSED_RETRY_MS = 2;
const MAX_ATTEMPTS_OPEN = 6;
const MAX_GROWTH = 16;

/**
 * Connections are never reused: one that was open before a pause, or to the slot's earlier guest, is dead
 * without knowing it. Redirects are never followed: any program may answer there, and would have the agent
 * ask whatever the host can reach.
 */
const request = (address: string, path: string, init: BunFetchRequestInit): Promise<Response> =>
  fetch(`http://${address}:${GUEST_PORT}${path}`, { ...init, keepalive: false, redirect: "manual" });

/**
 * Asks again and again until `attempt` succeeds: at once after a refusal, beside the unanswered one when
 * packets seem lost (the kernel itself would only repeat a lost SYN after a second).
 */
const persistently = async <T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { hedgeMs, attemptMs: firstAttemptMs }: Patience,
  deadline: AbortSignal,
): Promise<T> => {
  const finished = new AbortController();
  const signal = AbortSignal.any([deadline, finished.signal]);
  const open = new Set<Promise<void>>();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let lastError: unknown = null;
  const giveUp = () =>
    reject(
      new AgentError("guest_failed", "the sandbox's guest agent did not answer in time", {
        cause: lastError,
      }),
    );
  deadline.addEventListener("abort", giveUp, { once: true });
  // What was aborted already tells nobody any more.
  if (deadline.aborted) giveUp();
  let attemptMs = firstAttemptMs;
  const launch = () => {
    const one = attempt(AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]))
      .then(resolve, (error: unknown) => {
        lastError = error;
      })
      .finally(() => open.delete(one));
    open.add(one);
    return one;
  };
  const drive = async () => {
    while (!signal.aborted) {
      if (open.size >= MAX_ATTEMPTS_OPEN) await Promise.race(open);
      await Promise.race([launch(), Bun.sleep(hedgeMs)]);
      attemptMs = Math.min(attemptMs * 1.2, MAX_GROWTH * firstAttemptMs);
      if (!signal.aborted) await Bun.sleep(REFUSED_RETRY_MS);
    }
  };
  void drive();
  try {
    return await promise;
  } finally {
    deadline.removeEventListener("abort", giveUp);
    finished.abort();
  }
};

/** `fetch` as Connect takes it, without reused connections, redirects or messages of any size. */
const freshFetch: typeof fetch = Object.assign(
  async (input: RequestInfo | URL, init?: RequestInit) =>
    guardConnectAnswer(await fetch(input, { ...init, keepalive: false, redirect: "manual" }), GUEST_ANSWER),
  { preconnect: fetch.preconnect },
);

/** Empty when the guest agreed, else what it answered. */
const readRefusal = async (response: Response, what: string): Promise<string> => {
  const text = new TextDecoder().decode(await readBounded(response, SMALL_ANSWER));
  return response.ok ? "" : `${what} answered ${response.status}: ${text.slice(0, 500)}`;
};

/** Waits until GET /health succeeds. Throws `guest_failed` when `deadline` aborts first. */
export const waitHealthy = (address: string, deadline: AbortSignal): Promise<void> =>
  persistently(
    async (signal) => {
      const refusal = await readRefusal(await request(address, "/health", { signal }), "GET /health");
      if (refusal !== "") throw new Error(refusal);
    },
    BOOTING,
    deadline,
  );

export interface InitOptions {
  accessToken: string;
  /** Replaces the sandbox's environment; absent on a resume. */
  envs?: Record<string, string>;
  /** Given for clones: who they are now. */
  identity?: InitRequest["identity"];
}

const initByHttp = async (address: string, order: InitOrder, signal: AbortSignal): Promise<string> => {
  const headers = { "content-type": "application/json" };
  const body: InitRequest = {
    ...order.settings,
    timestamp: order.time.toISOString(),
    entropy: order.entropy.toBase64(),
  };
  const init = { method: "POST", headers, body: JSON.stringify(body), signal };
  const response = await request(address, "/init", init);
  // Here: once an attempt is over, so is whatever it has not read.
  return readRefusal(response, "POST /init");
};

/**
 * /init: clock, entropy, token, identity. Repeated until done or refused. By a datagram at first; over HTTP where that
 * fails, with whose answer a refusal is told, and with a guest agent of an earlier version.
 */
export const initGuest = async (
  address: string,
  options: InitOptions,
  deadline: AbortSignal,
): Promise<void> => {
  const attemptId = randomBytes(16).toString("hex");
  let mayUseDatagram = true;
  const refusal = await persistently(
    async (signal) => {
      const order: InitOrder = {
        time: new Date(),
        entropy: randomBytes(32),
        settings: {
          attemptId,
          accessToken: options.accessToken,
          ...(options.envs === undefined ? {} : { envVars: options.envs }),
          ...(options.identity === undefined ? {} : { identity: options.identity }),
        },
      };
      const datagram = mayUseDatagram ? encodeInit(order) : null;
      mayUseDatagram = false;
      if (datagram === null) return await initByHttp(address, order, signal);
      await initByDatagram(address, { attemptId, datagram }, signal);
      return "";
    },
    RESTORED,
    deadline,
  );
  if (refusal !== "") {
    const cause = new Error(refusal);
    throw new AgentError("guest_failed", "the sandbox's guest agent refused /init", { cause });
  }
};

export interface GuestAccess {
  address: string;
  accessToken: string;
}

const EXPOSE_MS = 5_000;

/** Asks the guest agent to pass on connections to a port bound to 127.0.0.1. False: nothing listens there. */
export const exposePort = async (guest: GuestAccess, port: number, signal: AbortSignal): Promise<boolean> => {
  const response = await request(guest.address, `/expose?port=${port}`, {
    method: "POST",
    headers: { "x-access-token": guest.accessToken },
    signal: AbortSignal.any([signal, AbortSignal.timeout(EXPOSE_MS)]),
  });
  await response.body?.cancel();
  return response.ok;
};

/** GET of one of the guest agent's own pages, such as /metrics: its JSON, unchecked. Throws without one in time. */
export const getFromGuest = async (guest: GuestAccess, path: string, timeoutMs: number): Promise<unknown> => {
  const response = await request(guest.address, path, {
    headers: { "x-access-token": guest.accessToken },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.ok) return readBoundedJson(response);
  await response.body?.cancel();
  throw new Error(`GET ${path} answered ${response.status}`);
};

const MAX_OUTPUT_BYTES = 256 * 1024;

/** Runs a small command as root inside and returns its standard output. Throws when it fails or is late. */
export const runInGuest = async (
  guest: GuestAccess,
  argv: [string, ...string[]],
  deadline: AbortSignal,
): Promise<string> => {
  const transport = createConnectTransport({
    baseUrl: `http://${guest.address}:${GUEST_PORT}`,
    useBinaryFormat: true,
    fetch: freshFetch,
  });
  const stop = new AbortController();
  const [cmd, ...args] = argv;
  const output: Uint8Array[] = [];
  let size = 0;
  try {
    const events = createClient(Process, transport).start(
      { process: { cmd, args }, stdin: false },
      {
        signal: AbortSignal.any([stop.signal, deadline]),
        headers: {
          authorization: `Basic ${btoa("root:")}`,
          "x-access-token": guest.accessToken,
        },
      },
    );
    for await (const { event } of events) {
      if (event?.event.case === "data" && event.event.value.output.case === "stdout") {
        size += event.event.value.output.value.length;
        if (size <= MAX_OUTPUT_BYTES) output.push(event.event.value.output.value);
      }
      if (event?.event.case === "end") {
        const { exitCode, status } = event.event.value;
        if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${status}`);
        return Buffer.concat(output).toString();
      }
    }
    throw new Error(`${argv.join(" ")}: the stream ended without an exit`);
  } finally {
    stop.abort();
  }
};
