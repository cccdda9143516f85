/** `sandbox.files`: content, in every form, and what belongs to a file. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull } from "../program/case.ts";
import { allBytes, asArrayBuffer, fails, quoted } from "./expect.ts";

const NAMES = [
  "two words",
  "new\nline",
  "it's",
  'a "quote"',
  "back\\slash",
  "😀 emoji",
  "ünïcode",
  "#%&?=+;",
  "-dash",
];

export const FILES: Case[] = [
  everywhere("files: text there and back", async (sdk, world) => {
    const { files } = await world.sandbox();
    const path = `${await world.folder()}/text.txt`;
    const written = await files.write(path, "first\n");
    assert.deepEqual([written.name, written.path, written.type], ["text.txt", path, sdk.FileType.FILE]);
    await files.write(path, "é😀\r\n\0end");
    assert.equal(await files.read(path), "é😀\r\n\0end");
  }),

  everywhere("files: bytes, blobs and streams stay what they are", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    const bytes = allBytes();
    await files.write(`${folder}/bytes`, asArrayBuffer(bytes));
    await files.write(`${folder}/blob`, new Blob([asArrayBuffer(bytes)]));
    await files.write(`${folder}/stream`, new Blob([asArrayBuffer(bytes)]).stream());
    for (const name of ["bytes", "blob", "stream"]) {
      assert.deepEqual(new Uint8Array(await files.read(`${folder}/${name}`, { format: "bytes" })), bytes);
    }
    const blob = await files.read(`${folder}/bytes`, { format: "blob" });
    assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), bytes);
    const stream = await files.read(`${folder}/bytes`, { format: "stream" });
    assert.deepEqual(new Uint8Array(await new Response(stream).arrayBuffer()), bytes);
  }),

  everywhere("files: any name", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    for (const name of NAMES) await sandbox.files.write(`${folder}/${name}`, name);
    const entries = await sandbox.files.list(folder);
    assert.deepEqual(entries.map(({ name }) => name).toSorted(), NAMES.toSorted());
    for (const name of NAMES) assert.equal(await sandbox.files.read(`${folder}/${name}`), name);
    const { stdout } = await sandbox.commands.run(`cat ${quoted(`${folder}/new\nline`)}`);
    assert.equal(stdout, "new\nline");
  }),

  inFull("files: several at once", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    const entries = ["a", "b/c", "d"].map((name) => ({ path: `${folder}/${name}`, data: `of ${name}` }));
    const written = await files.write(entries);
    assert.deepEqual(
      written.map(({ path }) => path),
      entries.map(({ path }) => path),
    );
    for (const { path, data } of entries) assert.equal(await files.read(path), data);
    const more = await files.writeFiles([
      { path: `${folder}/text`, data: "text" },
      { path: `${folder}/bytes`, data: asArrayBuffer(allBytes()) },
    ]);
    assert.equal(more.length, 2);
    assert.deepEqual(await files.writeFiles([]), []);
  }),

  inFull("files: an empty one", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const path = `${await world.folder()}/empty`;
    await files.write(path, "");
    assert.equal(await files.read(path), "");
    assert.equal((await files.read(path, { format: "bytes" })).length, 0);
    assert.equal((await files.read(path, { format: "blob" })).size, 0);
    const stream = await files.read(path, { format: "stream" });
    assert.equal(await new Response(stream).text(), "");
    assert.equal((await files.getInfo(path)).size, 0);
  }),

  inFull("files: compressed on the way", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const path = `${await world.folder()}/packed`;
    const text = "the same again and again\n".repeat(20_000);
    await files.write(path, text, { gzip: true });
    assert.equal((await files.getInfo(path)).size, text.length);
    assert.equal(await files.read(path, { gzip: true }), text);
    assert.equal(await files.read(path), text);
  }),

  inFull("files: as an octet stream, as a form", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    const data = asArrayBuffer(allBytes());
    for (const useOctetStream of [true, false]) {
      const path = `${folder}/${useOctetStream}`;
      const written = await files.write(path, data, { useOctetStream });
      assert.equal(written.path, path);
      assert.deepEqual(new Uint8Array(await files.read(path, { format: "bytes" })), allBytes());
    }
  }),

  everywhere("files: metadata stays with a file", async (_sdk, world) => {
    const { files } = await world.sandbox();
    const folder = await world.folder();
    const metadata = { author: "ada", "review-state": "done" };
    const written = await files.write(`${folder}/noted`, "x", { metadata });
    assert.deepEqual(written.metadata, metadata);
    assert.deepEqual((await files.getInfo(`${folder}/noted`)).metadata, metadata);
    assert.deepEqual((await files.list(folder))[0]?.metadata, metadata);
    assert.deepEqual((await files.rename(`${folder}/noted`, `${folder}/moved`)).metadata, metadata);
    await files.write(`${folder}/moved`, "y", { metadata: { other: "set" } });
    assert.deepEqual((await files.getInfo(`${folder}/moved`)).metadata, { other: "set" });
  }),

  inFull("files: metadata that cannot be is refused", async (sdk, world) => {
    const { files } = await world.sandbox();
    const path = `${await world.folder()}/x`;
    await fails(files.write(path, "x", { metadata: { "no spaces": "x" } }), sdk.InvalidArgumentError);
    await fails(files.write(path, "x", { metadata: { key: "line\nbreak" } }), sdk.InvalidArgumentError);
  }),

  inFull("files: a full disk is named", async (sdk, world) => {
    const sandbox = await world.create();
    await sandbox.commands.run("mkdir /small && mount -t tmpfs -o size=1m,mode=0777 none /small", {
      user: "root",
    });
    const data = asArrayBuffer(new Uint8Array(3 * 2 ** 20));
    await fails(sandbox.files.write("/small/big", data), sdk.NotEnoughSpaceError);
    await sandbox.files.remove("/small/big");
    await sandbox.files.write("/small/little", "fits");
    assert.equal(await sandbox.files.read("/small/little"), "fits");
  }),

  inFull("files: a stream can be left half read", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const path = `${await world.folder()}/long`;
    await sandbox.commands.run(`head -c 30000000 /dev/zero > ${path}`);
    const reader = (await sandbox.files.read(path, { format: "stream" })).getReader();
    assert.ok(((await reader.read()).value?.length ?? 0) > 0);
    await reader.cancel();
    assert.equal((await sandbox.commands.run("echo fine")).stdout, "fine\n");
  }),
];
