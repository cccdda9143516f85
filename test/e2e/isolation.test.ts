/** What sandboxes reach and what they do not, tried by programs inside of real ones. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { networkInterfaces } from "node:os";

import { GATEWAY_ADDRESS, GUEST_ADDRESS } from "../../agent/system/guest-network.ts";
import { NetLab, type Peer } from "../support/net-lab.ts";
import { Product } from "../support/product.ts";
import { OWN_MOUNTS, useResolver } from "../support/stand-in-resolver.ts";
import { slotAddressOf } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

/** TEST-NET addresses (RFC 5737) and a range for benchmarks (RFC 2544): nobody else's. */
const INTERNET = "203.0.113.20";
const RESOLVER = "203.0.113.54";
const METADATA = "169.254.169.254";
const LAN_SERVER = "10.254.252.9";
const LINK = "198.18.78";
const PORT = 8080;

/** Tries all targets at once; prints a JSON list of those that answered, with what came back. */
const PROBE = `
import json, socket, sys, threading
reached = []
def probe(kind, host, port):
    try:
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        s.settimeout(3)
        s.connect((host, port))
        s.send(b"GET / HTTP/1.0\\r\\n\\r\\n")
        reached.append([kind, host, port, s.recv(40).decode(errors="replace")])
    except OSError:
        pass
threads = [threading.Thread(target=probe, args=target) for target in json.loads(sys.argv[1])]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps(sorted(reached)))
`;

type Target = [kind: "tcp" | "udp", host: string, port: number];
type Reached = [...target: Target, said: string][];

const lab = new NetLab();
let product: Product;
let host: Peer;
let listener: Bun.TCPSocketListener;
let first = "";
let second = "";

const addressesOfHost = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family }) => family === "IPv4")
    .map(({ address }) => address);

const probe = async (id: string, targets: Target[]): Promise<Reached> =>
  JSON.parse(await product.api.run(id, `python3 probe.py '${JSON.stringify(targets)}'`));

const newSandbox = async (body: object = {}): Promise<string> => {
  const id = await product.api.create({ timeout_sec: 0, ...body });
  await product.api.run(id, `cat > probe.py <<'END'\n${PROBE}\nEND`);
  return id;
};

beforeAll(async () => {
  const addresses = [INTERNET, RESOLVER, METADATA, LAN_SERVER];
  const internet = lab.peerIn(await lab.internet(addresses, LINK));
  for (const address of [...addresses, `${LINK}.2`]) await internet.listen(PORT, "internet", address);
  await internet.resolve(RESOLVER, INTERNET);
  host = lab.peer([]);
  listener = Bun.listen({
    hostname: "0.0.0.0",
    port: 0,
    socket: { data: (socket) => void socket.end("host") },
  });
  product = await Product.start({
    agent: { launcher: OWN_MOUNTS },
  });
  await useResolver(product.agent, RESOLVER);
  first = await newSandbox();
  second = await newSandbox();
  for (const id of [first, second]) {
    await product.api.ok(`/${id}/exec`, { cmd: `exec python3 -m http.server ${PORT}`, background: true });
    await waitFor(
      "it listens",
      async () => (await product.api.ok(`/${id}/ports`)).items.some((item) => item["port"] === PORT),
      20_000,
    );
  }
});

afterAll(async () => {
  listener.stop(true);
  await product[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

test("another sandbox is not reached, from either side", async () => {
  const addresses = await Promise.all(
    [first, second].map((id) => slotAddressOf(product.agent.directory, id)),
  );
  // They do answer the host.
  for (const address of addresses) expect((await fetch(`http://${address}:${PORT}/`)).status).toBe(200);
  const ports = [PORT, 49_983, 22];
  for (const id of [first, second]) {
    const targets = addresses.flatMap((address) => ports.map((port): Target => ["tcp", address, port]));
    const datagrams = addresses.map((address): Target => ["udp", address, PORT]);
    expect(await probe(id, [...targets, ...datagrams])).toEqual([]);
    // The guest's own address is the same in each: it leads to itself.
    await product.api.run(id, `echo ${id} > index.html`);
    expect(await product.api.run(id, `curl -s http://${GUEST_ADDRESS}:${PORT}/index.html`)).toBe(`${id}\n`);
  }
});

test("no address and no port of the host answers", async () => {
  const servers = [product.agent.url, product.server.url];
  // They are there: root on the host reaches all three.
  for (const url of servers) expect((await fetch(url)).status).toBeGreaterThan(0);
  expect(await host.tcp("127.0.0.1", listener.port)).toBe("host");
  const ports = [listener.port, ...servers.map((url) => Number(new URL(url).port))];
  const addresses = [...addressesOfHost().filter((each) => !each.startsWith("127.")), GATEWAY_ADDRESS];
  expect(addresses.length).toBeGreaterThan(2);
  const targets = addresses.flatMap((address) => ports.map((port): Target => ["tcp", address, port]));
  expect(await probe(first, targets)).toEqual([]);
});

test("neither metadata nor the host's networks answer, though the host reaches them", async () => {
  const closed = [METADATA, LAN_SERVER, `${LINK}.2`];
  for (const address of closed) expect(await host.tcp(address, PORT)).toBe(`internet<-${LINK}.1`);
  const targets = closed.flatMap((address): Target[] => [
    ["tcp", address, PORT],
    ["udp", address, PORT],
  ]);
  expect(await probe(first, targets)).toEqual([]);
});

test("the internet is reached, by address and by name", async () => {
  const reached = await probe(first, [
    ["tcp", INTERNET, PORT],
    ["udp", INTERNET, PORT],
  ]);
  expect(reached).toEqual([
    ["tcp", INTERNET, PORT, `internet<-${LINK}.1`],
    ["udp", INTERNET, PORT, `internet<-${LINK}.1`],
  ]);
  expect(await product.api.run(first, "getent ahostsv4 stand-in.example | head -1")).toStartWith(INTERNET);
});

test("with allow_internet false there is nothing at all", async () => {
  const id = await newSandbox({ network: { allow_internet: false } });
  const addresses = [INTERNET, RESOLVER, METADATA, LAN_SERVER, `${LINK}.2`];
  const targets = addresses.flatMap((address): Target[] => [
    ["tcp", address, PORT],
    ["udp", address, PORT],
  ]);
  expect(await probe(id, [...targets, ["tcp", GATEWAY_ADDRESS, listener.port]])).toEqual([]);
  expect(await product.api.run(id, "getent ahostsv4 stand-in.example || echo unknown")).toBe("unknown\n");
});
