/** Forks of one sandbox share its past and nothing that must be a machine's own. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { Filesystem } from "../../proto/gen/filesystem/filesystem_pb.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { Product } from "../support/product.ts";
import { readJournalOf, slotAddressOf } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

const PAUSE_SEC = 4;
const CLOCK_TOLERANCE_SEC = 2;

let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(() => product[Symbol.asyncDispose]());

/** What each machine must have for itself, by how it is read from inside. */
const OWN_FACTS: Record<string, string> = {
  "machine-id": "cat /etc/machine-id",
  hostname: "hostname",
  "kernel's hostname": "cat /proc/sys/kernel/hostname",
  "boot id": "cat /proc/sys/kernel/random/boot_id",
  "kernel's uuid": "cat /proc/sys/kernel/random/uuid",
  "/dev/urandom": "head -c 32 /dev/urandom | od -An -tx1",
  getrandom: "python3 -c 'import os; print(os.getrandom(32).hex())'",
  "a program that runs since before": "kill -USR1 $(cat /dev/shm/pid); sleep 0.5; cat /dev/shm/random",
};

/** Draws from the kernel when told to, as a server that makes session keys; and counts meanwhile. */
const DRAWER = `
import os, signal, time
def draw(*_):
    with open("/dev/shm/random", "w") as out:
        out.write(os.getrandom(32).hex())
signal.signal(signal.SIGUSR1, draw)
with open("/dev/shm/pid", "w") as out:
    out.write(str(os.getpid()))
count = 0
while True:
    count += 1
    with open("/dev/shm/new", "w") as out:
        out.write(str(count))
    os.rename("/dev/shm/new", "/dev/shm/count")
    time.sleep(0.05)
`;

const guestUrl = async (id: string): Promise<string> =>
  `http://${await slotAddressOf(product.agent.directory, id)}:${GUEST_PORT}`;

const tokenOf = async (id: string): Promise<string> => {
  const journal = await readJournalOf(product.agent.directory, id);
  if (journal.state === "ended") throw new Error(`${id} has ended`);
  return journal.accessToken;
};

/** A number that the guest agent itself draws, in its own memory: an id of a watcher. */
const drawOfGuestAgent = async (id: string): Promise<string> => {
  const baseUrl = await guestUrl(id);
  const headers = { "x-access-token": await tokenOf(id) };
  const client = createClient(Filesystem, createConnectTransport({ baseUrl, useBinaryFormat: true }));
  return (await client.createWatcher({ path: "/tmp" }, { headers })).watcherId;
};

const expectApart = (what: string, values: string[]): void => {
  expect({ what, different: new Set(values).size, values }).toEqual({
    what,
    different: values.length,
    values,
  });
};

const count = async (id: string): Promise<number> => Number(await product.api.run(id, "cat /dev/shm/count"));

const expectRightClock = async (id: string): Promise<void> => {
  const beforeSec = Date.now() / 1_000;
  const insideSec = Number(await product.api.run(id, "date +%s.%N"));
  const afterSec = Date.now() / 1_000;
  const wrongBySec = insideSec < beforeSec ? insideSec - beforeSec : Math.max(0, insideSec - afterSec);
  const isRight = Math.abs(wrongBySec) < CLOCK_TOLERANCE_SEC;
  expect({ id, wrongBySec, isRight }).toMatchObject({ isRight: true });
};

test("two forks of one sandbox, and the source goes on", async () => {
  const { api } = product;
  const source = await api.create({ timeout_sec: 0 });
  await api.run(source, `cat > draw.py <<'END'\n${DRAWER}\nEND`);
  await api.run(source, "setsid python3 draw.py </dev/null >/dev/null 2>&1 &");
  await waitFor(
    "it counts",
    async () => (await api.run(source, "cat /dev/shm/count || true")) !== "",
    20_000,
  );
  const pid = await api.run(source, "cat /dev/shm/pid");
  // Whatever it draws ahead and keeps, all three keep.
  await drawOfGuestAgent(source);
  const all = [source, ...(await api.fork(source, 2))];

  for (const [what, command] of Object.entries(OWN_FACTS)) {
    const values = [];
    for (const id of all) values.push((await api.run(id, command)).trim());
    expect(values.every((value) => value.length > 0)).toBe(true);
    expectApart(what, values);
  }
  expectApart("a draw of the guest agent", await Promise.all(all.map(drawOfGuestAgent)));

  for (const id of all) {
    expect(await api.run(id, "cat /dev/shm/pid")).toBe(pid);
    const before = await count(id);
    await waitFor("it goes on counting", async () => (await count(id)) > before, 20_000);
    await expectRightClock(id);
  }
  await Promise.all(all.map((id) => api.remove(id)));
});

test("each has an access token of its own, and refuses its sister's", async () => {
  const { api } = product;
  const source = await api.create();
  const all = [source, ...(await api.fork(source, 2))];
  const tokens = await Promise.all(all.map(tokenOf));
  expectApart("access token", tokens);
  for (const id of all) {
    const url = `${await guestUrl(id)}/files?path=/etc/hostname`;
    const answers = tokens.map((token) => fetch(url, { headers: { "x-access-token": token } }));
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual(all.map((other) => (other === id ? 200 : 401)));
  }
  await Promise.all(all.map((id) => api.remove(id)));
});

test(`the clock is right after ${PAUSE_SEC} s of pause, in the sandbox and in forks of the paused one`, async () => {
  const { api } = product;
  const source = await api.create();
  await api.pause(source);
  const resumeAt = performance.now() + PAUSE_SEC * 1_000;
  await waitFor("time passes", () => performance.now() >= resumeAt, 2 * PAUSE_SEC * 1_000);
  const forks = await api.fork(source, 2);
  for (const id of forks) await expectRightClock(id);
  expect(await api.read(source)).toMatchObject({ status: "paused", memory_kept: true });
  await api.resume(source);
  await expectRightClock(source);
  await Promise.all([source, ...forks].map((id) => api.remove(id)));
});
