/** `sandbox.files.watchDir`: changes as they happen. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull } from "../program/case.ts";
import type { Sandbox } from "../program/sdk.ts";
import { until } from "../program/until.ts";
import { fails } from "./expect.ts";

type Watch = Parameters<Sandbox["files"]["watchDir"]>;
type Event = Parameters<Watch[1]>[0];

/** A watch and what it told. */
const watch = async ({ files }: Sandbox, path: string, options: Watch[2] = {}) => {
  const events: Event[] = [];
  const handle = await files.watchDir(path, (event) => void events.push(event), { timeoutMs: 0, ...options });
  const told = (type: Event["type"], name: string): Promise<void> =>
    until(`${type} of ${name}`, () => events.some((one) => one.type === type && one.name === name)).catch(
      (error: Error) => {
        throw new Error(`${error.message}; told: ${JSON.stringify(events)}`);
      },
    );
  return { handle, events, told };
};

export const WATCHING: Case[] = [
  everywhere("watching: each kind of change", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    const { handle, told } = await watch(sandbox, folder);
    const { CREATE, WRITE, CHMOD, RENAME, REMOVE } = sdk.FilesystemEventType;
    await sandbox.files.write(`${folder}/new 😀`, "x");
    await told(CREATE, "new 😀");
    await told(WRITE, "new 😀");
    await sandbox.commands.run(`chmod 600 "${folder}/new 😀"`);
    await told(CHMOD, "new 😀");
    await sandbox.files.rename(`${folder}/new 😀`, `${folder}/moved`);
    await told(RENAME, "new 😀");
    await told(CREATE, "moved");
    await sandbox.files.remove(`${folder}/moved`);
    await told(REMOVE, "moved");
    await handle.stop();
  }),

  inFull("watching: nothing more once it is stopped", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    const first = await watch(sandbox, folder);
    const second = await watch(sandbox, folder);
    await first.handle.stop();
    await sandbox.files.write(`${folder}/later`, "x");
    await second.told(sdk.FilesystemEventType.WRITE, "later");
    assert.deepEqual(first.events, []);
    await second.handle.stop();
  }),

  everywhere("watching: folders within, new ones too", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    await sandbox.files.makeDir(`${folder}/old`);
    const { handle, told } = await watch(sandbox, folder, { recursive: true });
    const { CREATE } = sdk.FilesystemEventType;
    await sandbox.files.write(`${folder}/old/file`, "x");
    await told(CREATE, "old/file");
    await sandbox.files.makeDir(`${folder}/new`);
    await told(CREATE, "new");
    await sandbox.files.write(`${folder}/new/inside`, "x");
    await told(CREATE, "new/inside");
    await handle.stop();
  }),

  inFull("watching: without recursion only the folder itself", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    await sandbox.files.makeDir(`${folder}/within`);
    const { handle, told, events } = await watch(sandbox, folder);
    await sandbox.files.write(`${folder}/within/unseen`, "x");
    await sandbox.files.write(`${folder}/seen`, "x");
    await told(sdk.FilesystemEventType.CREATE, "seen");
    assert.deepEqual(
      events.filter(({ name }) => name.includes("unseen")),
      [],
    );
    await handle.stop();
  }),

  inFull("watching: with what is known of the file", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    const { handle, told, events } = await watch(sandbox, folder, {
      includeEntry: true,
      allowNetworkMounts: true,
    });
    await sandbox.files.write(`${folder}/known`, "12345");
    await told(sdk.FilesystemEventType.WRITE, "known");
    const entry = events.find(({ type }) => type === sdk.FilesystemEventType.WRITE)?.entry;
    assert.deepEqual(
      [entry?.name, entry?.path, entry?.type],
      ["known", `${folder}/known`, sdk.FileType.FILE],
    );
    await handle.stop();
  }),

  inFull("watching: a time limit ends it", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    const ends: (Error | undefined)[] = [];
    await watch(sandbox, folder, { timeoutMs: 1_500, onExit: (error) => void ends.push(error) });
    await until("it ended", () => ends.length === 1);
    assert.ok(ends[0] instanceof sdk.TimeoutError, String(ends[0]));
  }),

  inFull("watching: what is not there or no folder", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    await sandbox.files.write(`${folder}/file`, "x");
    await fails(watch(sandbox, `${folder}/missing`), sdk.FileNotFoundError);
    await fails(watch(sandbox, `${folder}/file`), sdk.InvalidArgumentError);
  }),
];
