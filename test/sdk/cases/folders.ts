/** `sandbox.files` again: what is where, whose it is, and moving it about. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull } from "../program/case.ts";
import { fails } from "./expect.ts";

export const FOLDERS: Case[] = [
  everywhere("folders: list, to a depth", async (sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    for (const path of ["b.txt", "a/inner.txt", "a/deep/x.txt"]) await files.write(`${folder}/${path}`, path);
    const names = async (depth?: number): Promise<string[]> =>
      (await files.list(folder, { depth })).map(
        ({ path, type }) => `${type} ${path.slice(folder.length + 1)}`,
      );
    assert.deepEqual(await names(), ["dir a", "file b.txt"]);
    assert.deepEqual(await names(2), ["dir a", "dir a/deep", "file a/inner.txt", "file b.txt"]);
    assert.equal((await names(3)).length, 5);
    await files.makeDir(`${folder}/empty`);
    assert.deepEqual(await files.list(`${folder}/empty`), []);
    await fails(files.list(`${folder}/missing`), sdk.FileNotFoundError);
  }),

  everywhere("folders: make, exists, remove", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    assert.equal(await files.makeDir(`${folder}/one/two`), true);
    assert.equal(await files.makeDir(`${folder}/one/two`), false);
    assert.equal(await files.exists(`${folder}/one/two`), true);
    await files.write(`${folder}/one/two/file`, "x");
    await files.remove(`${folder}/one`);
    assert.equal(await files.exists(`${folder}/one/two/file`), false);
    assert.equal(await files.exists(`${folder}/one`), false);
    await files.remove(`${folder}/one`);
  }),

  everywhere("folders: rename", async (sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    await files.write(`${folder}/old`, "moved");
    const entry = await files.rename(`${folder}/old`, `${folder}/made/new`);
    assert.deepEqual(
      [entry.name, entry.path, entry.type, entry.size],
      ["new", `${folder}/made/new`, sdk.FileType.FILE, 5],
    );
    assert.equal(await files.exists(`${folder}/old`), false);
    assert.equal(await files.read(`${folder}/made/new`), "moved");
    await fails(files.rename(`${folder}/old`, `${folder}/other`), sdk.FileNotFoundError);
  }),

  inFull("folders: what is known of a file", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    const before = Date.now();
    await sandbox.files.write(`${folder}/file`, "12345");
    const info = await sandbox.files.getInfo(`${folder}/file`);
    assert.deepEqual(
      [info.name, info.path, info.type, info.size, info.mode, info.permissions, info.owner, info.group],
      ["file", `${folder}/file`, sdk.FileType.FILE, 5, 0o644, "-rw-r--r--", "user", "user"],
    );
    const age = (info.modifiedTime?.getTime() ?? 0) - before;
    assert.ok(Math.abs(age) < 60_000, `modified ${age} ms after`);
    assert.equal((await sandbox.files.getInfo(folder)).permissions, "drwxr-xr-x");
    assert.equal((await sandbox.files.getInfo(folder)).type, sdk.FileType.DIR);
    await fails(sandbox.files.getInfo(`${folder}/missing`), sdk.FileNotFoundError);
  }),

  inFull("folders: links are told, and not followed down", async (sdk, world) => {
    const { files, commands } = await world.sandbox();
    const folder = await world.folder();
    await files.write(`${folder}/real/file`, "x");
    await commands.run(`cd ${folder} && ln -s real link && ln -s real/file shortcut && ln -s nowhere broken`);
    const link = await files.getInfo(`${folder}/link`);
    assert.deepEqual([link.type, link.permissions[0]], [sdk.FileType.DIR, "L"]);
    assert.ok(link.symlinkTarget?.endsWith("real"), String(link.symlinkTarget));
    assert.equal((await files.getInfo(`${folder}/shortcut`)).type, sdk.FileType.FILE);
    assert.equal(await files.read(`${folder}/shortcut`), "x");
    const paths = (await files.list(folder, { depth: 5 })).map(({ path }) => path.slice(folder.length + 1));
    // The package leaves out what leads nowhere.
    assert.deepEqual(paths, ["link", "real", "real/file", "shortcut"]);
    await files.remove(`${folder}/link`);
    assert.equal(await files.exists(`${folder}/real/file`), true);
  }),

  everywhere("folders: what is missing is said so", async (sdk, world) => {
    const { files } = await world.sandbox();
    const error = await fails(files.read("/home/user/missing.txt"), sdk.FileNotFoundError, /missing\.txt/);
    assert.ok(error instanceof sdk.NotFoundError && error instanceof sdk.SandboxError);
    await fails(files.read("/home/user/missing.txt", { format: "stream" }), sdk.FileNotFoundError);
  }),

  inFull("folders: a folder is no file, a file no folder", async (sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    await files.write(`${folder}/file`, "x");
    await fails(files.read(folder), sdk.InvalidArgumentError);
    await fails(files.write(folder, "x"), sdk.InvalidArgumentError);
    await fails(files.list(`${folder}/file`), sdk.InvalidArgumentError);
    await fails(files.makeDir(`${folder}/file`), sdk.InvalidArgumentError);
  }),

  inFull("folders: paths without a beginning are the user's home", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const name = (await world.folder()).split("/").at(-1) ?? "";
    const written = await files.write(`${name}/relative`, "here");
    assert.equal(written.path, `/home/user/${name}/relative`);
    assert.equal(await files.read(`~/${name}/relative`), "here");
    await files.write(`from-${name}`, "root's", { user: "root" });
    assert.equal(await files.read(`/root/from-${name}`, { user: "root" }), "root's");
  }),

  inFull("folders: everything with the rights of its user", async (sdk, world) => {
    const { files, commands } = await world.sandbox();
    const folder = await world.folder();
    await files.write(`${folder}/by-root`, "x", { user: "root" });
    assert.equal((await files.getInfo(`${folder}/by-root`)).owner, "root");
    await files.makeDir(`${folder}/roots`, { user: "root" });
    assert.equal((await files.getInfo(`${folder}/roots`)).owner, "root");
    await fails(files.write(`${folder}/roots/x`, "x"), sdk.SandboxError, /denied/i);
    await fails(files.read("/etc/shadow"), sdk.SandboxError, /denied/i);
    assert.match(await files.read("/etc/shadow", { user: "root" }), /^root:/);
    await fails(files.read("x", { user: "nobody-here" }), sdk.AuthenticationError, /nobody-here/);
    await fails(files.list("/", { user: "nobody-here" }), sdk.AuthenticationError, /nobody-here/);
    await commands.run(`rm -rf ${folder}/roots`, { user: "root" });
  }),
];
