/** `sandbox.git`, which is gone with the next major version of the package. */
import assert from "node:assert/strict";

import { type Case, inFull } from "../program/case.ts";
import type { Sandbox } from "../program/sdk.ts";
import type { World } from "../program/world.ts";

/** A repository with one commit on `main`. */
const repository = async (world: World): Promise<{ sandbox: Sandbox; path: string }> => {
  const sandbox = await world.sandbox();
  const path = `${await world.folder()}/repository`;
  await sandbox.git.init(path, { initialBranch: "main" });
  await sandbox.git.configureUser("Ada", "ada@example.com");
  await sandbox.files.write(`${path}/file.txt`, "one\n");
  await sandbox.git.add(path);
  await sandbox.git.commit(path, "first: it's one");
  return { sandbox, path };
};

const log = async ({ commands }: Sandbox, path: string): Promise<string> =>
  (await commands.run(`git -C ${path} log --format=%an:%s`)).stdout;

export const GIT: Case[] = [
  inFull("git: from init to commit", async (_sdk, world) => {
    const { sandbox, path } = await repository(world);
    assert.equal(await log(sandbox, path), "Ada:first: it's one\n");
    await sandbox.files.write(`${path}/file.txt`, "two\n");
    await sandbox.files.write(`${path}/new.txt`, "new\n");
    const status = await sandbox.git.status(path);
    assert.equal(status.currentBranch, "main");
    assert.deepEqual(status.fileStatus.map(({ name }) => name).toSorted(), ["file.txt", "new.txt"]);
  }),

  inFull("git: branches", async (_sdk, world) => {
    const { sandbox, path } = await repository(world);
    const { git } = sandbox;
    await git.createBranch(path, "feature");
    assert.deepEqual(await git.branches(path), { branches: ["feature", "main"], currentBranch: "feature" });
    await git.checkoutBranch(path, "main");
    await git.deleteBranch(path, "feature", { force: true });
    assert.deepEqual((await git.branches(path)).branches, ["main"]);
  }),

  inFull("git: reset, restore, configuration", async (_sdk, world) => {
    const { sandbox, path } = await repository(world);
    const { git, files } = sandbox;
    await files.write(`${path}/file.txt`, "changed\n");
    await git.restore(path, { paths: ["file.txt"] });
    assert.equal(await files.read(`${path}/file.txt`), "one\n");
    await files.write(`${path}/file.txt`, "changed\n");
    await git.add(path);
    await git.reset(path, { mode: "hard" });
    assert.equal(await files.read(`${path}/file.txt`), "one\n");
    await git.setConfig("pull.rebase", "false", { scope: "local", path });
    assert.equal(await git.getConfig("pull.rebase", { scope: "local", path }), "false");
    assert.equal(await git.getConfig("no.such", { scope: "local", path }), undefined);
  }),

  inFull("git: clone, push and pull over a remote", async (_sdk, world) => {
    const { sandbox, path } = await repository(world);
    const { git, files } = sandbox;
    const remote = `${path}-remote.git`;
    await sandbox.commands.run(`git init --bare -b main ${remote}`);
    await git.remoteAdd(path, "origin", `file://${remote}`);
    assert.equal(await git.remoteGet(path, "origin"), `file://${remote}`);
    assert.equal(await git.remoteGet(path, "other"), undefined);
    await git.push(path, { remote: "origin", branch: "main", setUpstream: true });
    const copy = `${path}-copy`;
    await git.clone(`file://${remote}`, { path: copy });
    assert.equal(await files.read(`${copy}/file.txt`), "one\n");
    await files.write(`${path}/file.txt`, "two\n");
    await git.add(path);
    await git.commit(path, "second");
    await git.push(path);
    await git.pull(copy);
    assert.equal(await files.read(`${copy}/file.txt`), "two\n");
  }),

  inFull("git: credentials are kept for a host", async (_sdk, world) => {
    const sandbox = await world.create();
    await sandbox.git.dangerouslyAuthenticate({
      username: "ada",
      password: "secret",
      host: "git.example.com",
    });
    const asked = "printf 'protocol=https\\nhost=git.example.com\\n\\n' | git credential fill";
    assert.match((await sandbox.commands.run(asked)).stdout, /username=ada\npassword=secret/);
  }),
];
