/** Slots on the real machine: each path that must be open or closed, tried from both of its ends. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import { checkNetworkRequirements, NetworkUnavailable } from "../../agent/net/requirements.ts";
import { HostSlotPool } from "../../agent/net/slot-pool.ts";
import type { NetworkPolicy, NetworkSlot } from "../../agent/net/slots.ts";
import { run } from "../../agent/system/exec.ts";
import { GATEWAY_ADDRESS } from "../../agent/system/guest-network.ts";
import { freePort } from "../support/free-port.ts";
import { NetLab, type Peer } from "../support/net-lab.ts";

const INTERNET = "203.0.113.10";
const OTHER_INTERNET = "198.51.100.7";
const RESOLVER = "203.0.113.53";
const METADATA = "169.254.169.254";
const LAN_SERVER = "10.254.254.9";
const ALLOWED_LAN_SERVER = "10.254.253.9";
const LINK = "198.18.77";
const PORT = 8080;

const OPEN: NetworkPolicy = { allowInternet: true, allowCidrs: [], denyCidrs: [], allowDomains: [] };
const CLOSED: NetworkPolicy = { ...OPEN, allowInternet: false };
/** Unlike any WRENN_DIR's on this machine with all likelihood, and new with each run. */
const INSTANCE = process.pid.toString(16).padStart(6, "e").slice(-6);
const OTHER_INSTANCE = process.pid.toString(16).padStart(6, "d").slice(-6);

const openPool = (instanceId: string, maxSlots = 8) =>
  HostSlotPool.open({
    instanceId,
    egressAllow: ["10.254.253.0/24"],
    resolver: RESOLVER,
    spareSlots: 1,
    maxSlots,
    onBackgroundError: (error) => console.error(error),
  });

describe("slots", () => {
  const lab = new NetLab();
  let pool: HostSlotPool;
  let slot: NetworkSlot;
  let neighbour: NetworkSlot;
  let guest: Peer;
  let guestNamespace: string;
  let internet: Peer;
  let host: Peer;
  let hostPort: number;

  beforeAll(async () => {
    const addresses = [INTERNET, OTHER_INTERNET, RESOLVER, METADATA, LAN_SERVER, ALLOWED_LAN_SERVER];
    internet = lab.peerIn(await lab.internet(addresses, LINK));
    for (const address of [...addresses, `${LINK}.2`]) await internet.listen(PORT, "internet", address);
    await internet.listen(53, "resolver", RESOLVER);
    pool = await openPool(INSTANCE);
    await pool.sweep(new Set());
    slot = await pool.claim(OPEN);
    neighbour = await pool.claim(OPEN);
    guestNamespace = await lab.guest(slot);
    guest = lab.peerIn(guestNamespace);
    await guest.listen(PORT, "guest");
    const neighbourGuest = lab.peerIn(await lab.guest(neighbour));
    await neighbourGuest.listen(PORT, "neighbour");
    host = lab.peer([]);
    hostPort = await freePort();
    await host.listen(hostPort, "host");
  }, 30_000);

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    await pool.destroy();
    expect(await run(["ip", "netns", "list"])).not.toContain(`wrenn-${INSTANCE}-`);
    expect(await run(["nft", "list", "tables"])).not.toContain(INSTANCE);
  }, 30_000);

  test("the internet is reached, by TCP and UDP, under this host's address", async () => {
    expect(await guest.tcp(INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
    expect(await guest.udp(INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
  });

  test("metadata, private and directly connected networks are not", async () => {
    for (const address of [METADATA, LAN_SERVER, `${LINK}.2`]) {
      expect([address, await guest.tcp(address, PORT), await guest.udp(address, PORT)]).toEqual([
        address,
        null,
        null,
      ]);
    }
    // they are there: the host itself reaches them
    expect(await host.tcp(METADATA, PORT)).toBe(`internet<-${LINK}.1`);
  });

  test("a network that the operator allows is reached", async () => {
    expect(await guest.tcp(ALLOWED_LAN_SERVER, PORT)).toBe(`internet<-${LINK}.1`);
  });

  test("no address of the host answers", async () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const addresses = own.filter(({ family }) => family === "IPv4").map(({ address }) => address);
    expect(addresses.length).toBeGreaterThan(2);
    for (const address of [...addresses.filter((each) => !each.startsWith("127.")), GATEWAY_ADDRESS]) {
      expect([address, await guest.tcp(address, hostPort)]).toEqual([address, null]);
    }
    expect(await host.tcp("127.0.0.1", hostPort)).toBe("host<-127.0.0.1");
  });

  test("another sandbox is not reached, though it listens", async () => {
    expect(await host.tcp(neighbour.address, PORT)).toBe(`neighbour<-${GATEWAY_ADDRESS}`);
    expect(await guest.tcp(neighbour.address, PORT)).toBeNull();
    expect(await guest.udp(neighbour.address, PORT)).toBeNull();
  });

  test("DNS is answered at the gateway by the resolver alone", async () => {
    expect(await guest.udp(GATEWAY_ADDRESS, 53)).toBe(`resolver<-${LINK}.1`);
    expect(await guest.tcp(GATEWAY_ADDRESS, 53)).toBe(`resolver<-${LINK}.1`);
    expect(await guest.udp(GATEWAY_ADDRESS, 5_353)).toBeNull();
  });

  test("root on this host reaches every port of the guest, which sees its gateway", async () => {
    expect(await host.tcp(slot.address, PORT)).toBe(`guest<-${GATEWAY_ADDRESS}`);
    expect(await host.udp(slot.address, PORT)).toBe(`guest<-${GATEWAY_ADDRESS}`);
  });

  test("neither another user of this host nor the internet does", async () => {
    const nobody = lab.peer(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    expect(await nobody.tcp(slot.address, PORT)).toBeNull();
    expect(await internet.tcp(slot.address, PORT)).toBeNull();
    expect(await internet.udp(slot.address, PORT)).toBeNull();
  });

  test("a program that broke out of the VM has no network", async () => {
    const jailed = lab.peerIn(slot.namespace, [
      "setpriv",
      `--reuid=${slot.uid}`,
      `--regid=${slot.gid}`,
      "--clear-groups",
    ]);
    expect(await jailed.tcp(INTERNET, PORT)).toBeNull();
    expect(await jailed.udp(INTERNET, PORT)).toBeNull();
    expect(await jailed.tcp("169.254.0.21", PORT)).toBeNull();
  });

  test("a false source address gets nowhere", async () => {
    await run(["ip", "-n", guestNamespace, "addr", "add", "203.0.113.99/32", "dev", "eth0"]);
    expect(await guest.udp(INTERNET, PORT, "203.0.113.99")).toBeNull();
    expect(await guest.udp(INTERNET, PORT, "169.254.0.21")).toBe(`internet<-${LINK}.1`);
  });

  test("there is no IPv6 in the slot", async () => {
    expect((await run(["ip", "-n", slot.namespace, "-6", "addr", "show"])).trim()).toBe("");
  });

  test("a policy holds at once and can be taken back", async () => {
    await pool.applyPolicy(slot, CLOSED);
    expect(await guest.tcp(INTERNET, PORT)).toBeNull();
    expect(await guest.udp(INTERNET, PORT)).toBeNull();
    expect(await guest.udp(GATEWAY_ADDRESS, 53)).toBeNull();
    expect(await host.tcp(slot.address, PORT)).toBe(`guest<-${GATEWAY_ADDRESS}`);
    await pool.applyPolicy(slot, OPEN);
    expect(await guest.tcp(INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
  });

  test("denied networks are closed, allowed ones win, and neither opens the host's surroundings", async () => {
    await pool.applyPolicy(slot, { ...OPEN, denyCidrs: ["203.0.113.0/24", "203.0.113.0/28"] });
    expect(await guest.tcp(INTERNET, PORT)).toBeNull();
    expect(await guest.tcp(OTHER_INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
    await pool.applyPolicy(slot, {
      ...OPEN,
      allowCidrs: [`${INTERNET}/32`, `${METADATA}/32`],
      denyCidrs: ["0.0.0.0/0"],
    });
    expect(await guest.tcp(INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
    expect(await guest.tcp(OTHER_INTERNET, PORT)).toBeNull();
    expect(await guest.tcp(METADATA, PORT)).toBeNull();
    await pool.applyPolicy(slot, OPEN);
  });

  test("a network this host joins later is closed to sandboxes with the next claim", async () => {
    expect(await guest.tcp(OTHER_INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
    await run(["ip", "addr", "add", "198.51.100.1/24", "dev", "lo"]);
    try {
      const next = await pool.claim(OPEN);
      expect(await guest.tcp(OTHER_INTERNET, PORT)).toBeNull();
      await pool.release(next);
    } finally {
      await run(["ip", "addr", "del", "198.51.100.1/24", "dev", "lo"]);
    }
    const next = await pool.claim(OPEN);
    expect(await guest.tcp(OTHER_INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
    await pool.release(next);
  });
});

describe("a slot that is used again", () => {
  test("knows no connection of its last user", async () => {
    await using lab = new NetLab();
    const pool = await openPool(INSTANCE, 2);
    const tracked = (slot: NetworkSlot) =>
      run(["nsenter", `--net=/run/netns/${slot.namespace}`, "cat", "/proc/net/nf_conntrack"]);
    try {
      await pool.sweep(new Set());
      const slot = await pool.claim(OPEN);
      const guest = lab.peerIn(await lab.guest(slot));
      await guest.listen(PORT, "guest");
      const internet = lab.peerIn(await lab.internet([INTERNET], LINK));
      await internet.listen(PORT, "internet", INTERNET);
      expect(await guest.udp(INTERNET, PORT)).toBe(`internet<-${LINK}.1`);
      expect(await lab.peer([]).udp(slot.address, PORT)).toBe(`guest<-${GATEWAY_ADDRESS}`);
      expect(await tracked(slot)).toContain(INTERNET);
      await pool.release(slot);
      const deadline = Date.now() + 5_000;
      while ((await tracked(slot)) !== "" && Date.now() < deadline) await Bun.sleep(20);
      expect(await tracked(slot)).toBe("");
    } finally {
      await pool.destroy();
    }
  }, 30_000);
});

describe("other firewalls", () => {
  /** In a network namespace of its own: on the host it would cut off everything else. */
  const inFreshNetwork = async (script: string): Promise<string> =>
    run(["unshare", "--net", process.execPath, "-e", script], { timeoutMs: 20_000 });

  test("a chain that drops forwarding by default admits this instance, once, and is left as it was", async () => {
    const module = join(import.meta.dir, "../../agent/net/foreign-chains.ts");
    const output = await inFreshNetwork(`
      import { admitThroughForeignChains, leaveForeignChains } from ${JSON.stringify(module)};
      const nft = (...args) => Bun.spawnSync(["nft", ...args]).stdout.toString();
      nft("add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; };" +
        "add rule ip filter FORWARD counter; add table ip open;" +
        "add chain ip open FORWARD { type filter hook forward priority 0; policy accept; }");
      const before = nft("list", "ruleset");
      await admitThroughForeignChains("abcdef");
      await admitThroughForeignChains("abcdef");
      await admitThroughForeignChains("012345");
      const during = nft("list", "ruleset");
      await leaveForeignChains("abcdef");
      await leaveForeignChains("012345");
      console.log(JSON.stringify({ before, during, after: nft("list", "ruleset") }));`);
    const { before, during, after } = JSON.parse(output);
    expect(before).toContain("policy drop");
    expect(during.match(/"wrnabcdef-\*" accept/g)).toHaveLength(2);
    expect(during.match(/"wrn012345-\*" accept/g)).toHaveLength(2);
    expect(during.indexOf("accept comment")).toBeLessThan(during.indexOf("counter"));
    expect(after).toBe(before);
  }, 30_000);
});

describe("the pool", () => {
  test("slots are reused, numbered apart, bounded and swept by their own instance alone", async () => {
    const pool = await openPool(INSTANCE, 3);
    const other = await openPool(OTHER_INSTANCE);
    try {
      await pool.sweep(new Set());
      const theirs = await other.claim(OPEN);
      const slots = await Promise.all([pool.claim(CLOSED), pool.claim(OPEN), pool.claim(OPEN)]);
      expect(new Set(slots.map(({ index }) => index)).size).toBe(3);
      expect(new Set([...slots, theirs].map(({ address }) => address)).size).toBe(4);
      expect(new Set([...slots, theirs].map(({ uid }) => uid)).size).toBe(4);
      expect(await pool.claim(OPEN).catch((error: unknown) => error)).toMatchObject({
        message: expect.stringContaining("network slots"),
      });

      const [first] = slots;
      if (first === undefined) throw new Error("no slot");
      await pool.release(first);
      const again = await pool.claim(OPEN);
      expect(again).toEqual(first);
      expect(
        await run(["ip", "netns", "exec", first.namespace, "nft", "list", "chain", "inet", "slot", "egress"]),
      ).toInclude("accept");

      // as after a crash: another pool of the same instance finds what is there
      const next = await openPool(INSTANCE, 3);
      expect(await next.adopt(again.index, OPEN)).toMatchObject({ address: again.address, uid: again.uid });
      await next.sweep(new Set([again.index]));
      await next.settled();
      const names = await run(["ip", "netns", "list"]);
      expect(names).toInclude(again.namespace);
      expect(names).toInclude(theirs.namespace);
      expect(await next.adopt(7, OPEN).catch((error: unknown) => error)).toMatchObject({
        message: expect.stringContaining("not on this machine"),
      });
    } finally {
      await pool.destroy();
      await other.destroy();
    }
  }, 30_000);

  test("a stopping agent takes its idle slots along and leaves those of running VMs", async () => {
    const pool = await openPool(INSTANCE);
    try {
      const slot = await pool.claim(OPEN);
      await pool.settled();
      await pool.close();
      const names = await run(["ip", "netns", "list"]);
      expect(names.split("\n").filter((name) => name.startsWith(`wrenn-${INSTANCE}-`))).toHaveLength(1);
      expect(names).toContain(slot.namespace);
      expect(await run(["nft", "list", "tables"])).toContain(INSTANCE);
    } finally {
      await pool.destroy();
    }
    const idle = await openPool(INSTANCE);
    await idle.close();
    expect(await run(["nft", "list", "tables"])).not.toContain(INSTANCE);
  }, 30_000);

  test("a missing tun device is named with its remedy", async () => {
    const error = await checkNetworkRequirements("/dev/net/absent").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NetworkUnavailable);
    expect(error).toMatchObject({ code: "tun_missing", message: expect.stringContaining("modprobe tun") });
  });
});
