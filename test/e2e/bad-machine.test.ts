/** What the machine lacks is said with its remedy, and leaves nothing half made. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";

import { run } from "../../agent/system/exec.ts";
import { makeDirectory, removeDirectory } from "../support/agent-directory.ts";
import { Product } from "../support/product.ts";
import { readTraces, type Traces } from "../support/traces.ts";

setDefaultTimeout(180_000);

const QEMU = "qemu-system-x86_64";
/** A mount namespace of its own: what is hidden from the agent stays where it is for everybody else. */
const OWN_MOUNTS = ["unshare", "--mount", "--propagation", "unchanged"];

let product: Product;
let programs: string;
let clean: Traces;

/** Every program of the machine by name: one that is removed here is missing for the agent alone. */
const linkPrograms = async (directory: string): Promise<void> => {
  await mkdir(directory);
  for (const folder of ["/usr/sbin", "/usr/bin"]) {
    for (const name of await readdir(folder)) {
      await symlink(join(folder, name), join(directory, name)).catch(() => undefined);
    }
  }
};

beforeAll(async () => {
  const directory = await makeDirectory("programs");
  programs = join(directory, "bin");
  await linkPrograms(programs);
  // What stands on the machine is compared as a whole: nothing is made ahead.
  const env = { PATH: programs, WRENN_SPARE_VMS: "0", WRENN_STANDBY_VMS: "0" };
  product = await Product.start({ agent: { env, launcher: OWN_MOUNTS } });
  clean = await readTraces(product.agent.directory);
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await removeDirectory(join(programs, ".."));
});

const expectNothingMade = async (): Promise<void> => {
  const { ownerSql } = product.server.database;
  const live = await ownerSql`select id from sandboxes where status not in ('stopped', 'error')`;
  expect([...live]).toEqual([]);
  expect(await readTraces(product.agent.directory)).toEqual(clean);
};

const expectItWorks = async (): Promise<void> => {
  const id = await product.api.create();
  expect(await product.api.run(id, "echo works")).toBe("works\n");
  await product.api.remove(id);
};

test("QEMU missing: a create is refused by name of the package, and works again when it is there", async () => {
  const { api, agent } = product;
  await rm(join(programs, QEMU));
  try {
    const { status, body } = await api.request("", { template: "minimal" });
    expect([status, body.error?.code]).toEqual([502, "agent_error"]);
    expect(body.error?.message).toContain("qemu-system-x86");
    await expectNothingMade();
    await agent.stop();
    expect(await agent.refusal({})).toContain("install the Debian package qemu-system-x86");
  } finally {
    await symlink(join("/usr/bin", QEMU), join(programs, QEMU));
  }
  await agent.launch();
  await expectItWorks();
});

const inside = (...argv: string[]): Promise<string> =>
  run(["nsenter", `--mount=/proc/${product.agent.pid}/ns/mnt`, ...argv]);

test("/dev/net/tun missing: the same", async () => {
  const { api, agent } = product;
  await inside("mount", "--make-private", "/dev");
  await inside("mount", "--types", "tmpfs", "tmpfs", "/dev/net");
  const other = await makeDirectory("no-tun");
  try {
    const { status, body } = await api.request("", { template: "minimal" });
    expect([status, body.error?.code]).toEqual([502, "agent_error"]);
    expect(body.error?.message).toContain("/dev/net/tun");
    expect(body.error?.message).toContain("modprobe tun");
    await expectNothingMade();
    const where = ["nsenter", `--mount=/proc/${agent.pid}/ns/mnt`];
    expect(await agent.refusal({ WRENN_DIR: other }, where)).toContain("tun");
  } finally {
    await removeDirectory(other);
    await inside("umount", "/dev/net");
  }
  await expectItWorks();
});
