/**
 * A sandbox's slot with an allow-list, a neighbour, and a web of its own behind this host, with addresses that
 * must not be reached by name among those that may.
 */
import { makeCertificate } from "../../agent/control/certificate.ts";
import { HostSlotPool } from "../../agent/net/slot-pool.ts";
import { type NetworkPolicy, type NetworkSlot, OPEN_POLICY } from "../../agent/net/slots.ts";
import { run } from "../../agent/system/exec.ts";
import { GUEST_ADDRESS } from "../../agent/system/guest-network.ts";
import { NetLab, type Peer } from "./net-lab.ts";
import { WebPeer } from "./web-lab.ts";

export const SITE = "203.0.113.110";
export const OTHER_SITE = "203.0.113.120";
const SILENT = "203.0.113.130";
export const RESOLVER = "203.0.113.153";
export const METADATA = "169.254.169.253";
export const LAN_SITE = "10.254.251.9";
const LINK = "198.18.79";
/** Of `LINK`: this host's own end. */
export const OWN_ADDRESS = `${LINK}.1`;
const INSTANCE = process.pid.toString(16).padStart(6, "b").slice(-6);
/** Another agent on this machine. */
export const OTHER_INSTANCE = process.pid.toString(16).padStart(6, "c").slice(-6);

export const LISTED: NetworkPolicy = {
  ...OPEN_POLICY,
  allowDomains: [
    "site.example",
    "*.wild.example",
    "Mixed.Example.",
    "lan.example",
    "metadata.example",
    "neighbour.example",
    "own.example",
    "silent.example",
    "gone.example",
  ],
};

export const openPool = (instanceId = INSTANCE) =>
  HostSlotPool.open({
    instanceId,
    egressAllow: [],
    resolver: RESOLVER,
    spareSlots: 1,
    maxSlots: 6,
    onBackgroundError: (error) => console.error(error),
  });

const serveWeb = async (internet: WebPeer): Promise<void> => {
  const certificate = makeCertificate("site.example");
  for (const [host, name] of [
    [SITE, "site"],
    [OTHER_SITE, "other"],
    [METADATA, "metadata"],
    [LAN_SITE, "lan"],
  ] as const) {
    await internet.serve(host, name, certificate);
  }
};

const serveNames = (internet: WebPeer, neighbour: NetworkSlot): Promise<void> =>
  internet.serveDns(RESOLVER, {
    "site.example": [SITE],
    "other.example": [OTHER_SITE],
    "a.wild.example": [OTHER_SITE],
    "b.c.wild.example": [OTHER_SITE],
    "wild.example": [OTHER_SITE],
    "mixed.example": [LAN_SITE, SITE],
    "lan.example": [LAN_SITE],
    "metadata.example": [METADATA],
    "neighbour.example": [neighbour.address],
    "own.example": [OWN_ADDRESS, "127.0.0.1"],
    "silent.example": [SILENT],
  });

/** Other doors of the sites: what an allow-list must keep shut. */
const serveOthers = async (internet: Peer): Promise<void> => {
  for (const address of [SITE, OTHER_SITE]) {
    for (const port of [8080, 853, 53]) await internet.listen(port, "internet", address);
  }
  // the datagrams of QUIC, next to TLS
  await internet.listenUdp(443, "internet", SITE);
};

export class ListedScene implements AsyncDisposable {
  private constructor(
    readonly lab: NetLab,
    readonly pool: HostSlotPool,
    /** With `LISTED` in force at first. */
    readonly slot: NetworkSlot,
    readonly internet: WebPeer,
    readonly guest: WebPeer,
    /** In the same place. */
    readonly plainGuest: Peer,
  ) {}

  static async open(): Promise<ListedScene> {
    const lab = new NetLab();
    const addresses = [SITE, OTHER_SITE, SILENT, RESOLVER, METADATA, LAN_SITE];
    const namespace = await lab.internet(addresses, LINK);
    await run(["nsenter", `--net=/run/netns/${namespace}`, "nft", "-f", "-"], {
      input: `table ip t { chain input { type filter hook input priority 0; ip daddr ${SILENT} drop; }; }\n`,
    });
    const internet = lab.use(new WebPeer(namespace));
    await serveWeb(internet);
    await serveOthers(lab.peerIn(namespace));
    const pool = await openPool();
    await pool.sweep(new Set());
    const slot = await pool.claim(LISTED);
    const neighbour = await pool.claim(OPEN_POLICY);
    const other = lab.use(new WebPeer(await lab.guest(neighbour)));
    await other.serve(GUEST_ADDRESS, "neighbour", makeCertificate("site.example"));
    await serveNames(internet, neighbour);
    const inside = await lab.guest(slot);
    return new ListedScene(lab, pool, slot, internet, lab.use(new WebPeer(inside)), lab.peerIn(inside));
  }

  /** Another sandbox's guest with the same list, that nobody has used yet. */
  async freshGuest(): Promise<WebPeer> {
    return this.lab.use(new WebPeer(await this.lab.guest(await this.pool.claim(LISTED))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
    await this.pool.destroy();
  }
}
