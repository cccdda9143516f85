/**
 * Namespaces around a slot for tests: one that stands for the guest on the slot's tap, one that stands
 * for the internet behind this host, and a program in each. All of it goes when the lab is disposed of.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { NetworkSlot } from "../../agent/net/slots.ts";
import { run } from "../../agent/system/exec.ts";
import {
  GATEWAY_ADDRESS,
  GATEWAY_MAC_ADDRESS,
  GUEST_ADDRESS,
  GUEST_MAC_ADDRESS,
} from "../../agent/system/guest-network.ts";
import type { PeerAnswer, PeerCommand } from "./net-peer.ts";

const PEER_SCRIPT = join(import.meta.dir, "net-peer.ts");
/** Long enough for a loaded machine to answer; what is refused mostly fails at once. */
const SEND_TIMEOUT_MS = 1_500;

const ip = async (lines: string[], namespace?: string): Promise<void> => {
  const where = namespace === undefined ? [] : ["-n", namespace];
  await run(["ip", ...where, "-batch", "-"], { input: `${lines.join("\n")}\n` });
};

/** A program somewhere in the lab that does one thing after another as it is told. */
export class ProgramPeer {
  readonly #child;
  readonly #answers: AsyncIterator<string>;

  /** @param launcher what the program is started through, such as nsenter and setpriv */
  constructor(launcher: string[], script: string) {
    this.#child = Bun.spawn([...launcher, process.execPath, script], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
    this.#answers = ProgramPeer.#lines(this.#child.stdout)[Symbol.asyncIterator]();
  }

  static async *#lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const piece of stream) {
      const lines = (text + decoder.decode(piece, { stream: true })).split("\n");
      text = lines.pop() ?? "";
      yield* lines;
    }
  }

  protected async ask<Answer>(command: object): Promise<Answer> {
    await this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    await this.#child.stdin.flush();
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error("the peer ended");
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    await this.#child.stdin.end();
    this.#child.kill();
    await this.#child.exited;
  }
}

export class Peer extends ProgramPeer {
  constructor(launcher: string[]) {
    super(launcher, PEER_SCRIPT);
  }

  #ask(command: PeerCommand): Promise<PeerAnswer> {
    return this.ask(command);
  }

  /** A datagram is answered from the address it came to only when that one is given. */
  async listen(port: number, name: string, host = "0.0.0.0"): Promise<void> {
    await this.#ask({ op: "listen", protocol: "tcp", host, port, name });
    await this.listenUdp(port, name, host);
  }

  async listenUdp(port: number, name: string, host: string): Promise<void> {
    await this.#ask({ op: "listen", protocol: "udp", host, port, name });
  }

  /** A DNS server on `host` that gives every name the address `answer`. */
  async resolve(host: string, answer: string): Promise<void> {
    await this.#ask({ op: "resolve", host, answer });
  }

  /** Null when nothing came back. */
  async tcp(host: string, port: number): Promise<string | null> {
    return (await this.#ask({ op: "send", protocol: "tcp", host, port, timeoutMs: SEND_TIMEOUT_MS })).reply;
  }

  async udp(host: string, port: number, from?: string): Promise<string | null> {
    return (await this.#ask({ op: "send", protocol: "udp", host, port, from, timeoutMs: SEND_TIMEOUT_MS }))
      .reply;
  }
}

/** Labs of test runs that were killed: their routes would stand in the way. */
const clearDeadLabs = async (): Promise<void> => {
  const isDead = (label: string | undefined): boolean =>
    label !== undefined && !existsSync(`/proc/${Number.parseInt(label, 36)}`);
  for (const namespace of existsSync("/run/netns") ? readdirSync("/run/netns") : []) {
    if (isDead(/^t([0-9a-z]+)-/.exec(namespace)?.[1])) await ip([`netns del ${namespace}`]);
  }
  for (const device of readdirSync("/sys/class/net")) {
    if (isDead(/^t([0-9a-z]+)w$/.exec(device)?.[1])) await run(["ip", "link", "del", device]).catch(() => {});
  }
};

export class NetLab implements AsyncDisposable {
  readonly #undo = new AsyncDisposableStack();
  #guests = 0;
  readonly #label = `t${process.pid.toString(36)}`;

  async namespace(name: string): Promise<string> {
    const namespace = `${this.#label}-${name}`;
    await ip([`netns add ${namespace}`]);
    this.#undo.defer(() => ip([`netns del ${namespace}`]));
    await ip(["link set lo up"], namespace);
    return namespace;
  }

  peer(launcher: string[]): Peer {
    return this.use(new Peer(launcher));
  }

  /** Ends it with the lab. */
  use<T extends ProgramPeer>(peer: T): T {
    this.#undo.defer(() => peer.end());
    return peer;
  }

  peerIn(namespace: string, as: string[] = []): Peer {
    return this.peer(["nsenter", `--net=/run/netns/${namespace}`, ...as]);
  }

  /** A host behind this one: `addresses` are routed to it, over a link in `linkNetwork` (ends .1 and .2). */
  async internet(addresses: string[], linkNetwork: string): Promise<string> {
    await clearDeadLabs();
    const namespace = await this.namespace("inet");
    const device = `${this.#label}w`;
    const [near, far] = [`${linkNetwork}.1`, `${linkNetwork}.2`];
    await ip([
      `link add ${device} type veth peer name eth0 netns ${namespace}`,
      `addr add ${near}/30 dev ${device}`,
      `link set ${device} up`,
    ]);
    await ip(
      [
        `addr add ${far}/30 dev eth0`,
        "link set eth0 up",
        `route add default via ${near}`,
        ...addresses.map((address) => `addr add ${address}/32 dev lo`),
      ],
      namespace,
    );
    await ip(addresses.map((address) => `route add ${address}/32 via ${far} dev ${device}`));
    return namespace;
  }

  /** Puts a pair in the place of the tap and its VM: every rule sees the same names and addresses. */
  async guest(slot: NetworkSlot): Promise<string> {
    this.#guests += 1;
    const namespace = await this.namespace(`g${this.#guests}`);
    await ip(
      [
        `link del ${slot.tapName}`,
        `link add ${slot.tapName} address ${GATEWAY_MAC_ADDRESS} type veth peer name eth0 address ${GUEST_MAC_ADDRESS}`,
        `link set eth0 netns ${namespace}`,
        `addr add ${GATEWAY_ADDRESS}/30 dev ${slot.tapName}`,
        `link set ${slot.tapName} up`,
      ],
      slot.namespace,
    );
    await ip(
      [
        `addr add ${GUEST_ADDRESS}/30 dev eth0`,
        "link set eth0 up",
        `route add default via ${GATEWAY_ADDRESS}`,
      ],
      namespace,
    );
    return namespace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}
