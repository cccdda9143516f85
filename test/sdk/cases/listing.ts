/** `Sandbox.list`: filters, order, pages. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { type Case, everywhere, inFull } from "../program/case.ts";
import type { Sdk } from "../program/sdk.ts";

type ListOptions = NonNullable<Parameters<Sdk["Sandbox"]["list"]>[0]>;

/** Ids on all pages. */
const idsOf = async (sdk: Sdk, options: ListOptions): Promise<string[]> => {
  const ids: string[] = [];
  const pages = sdk.Sandbox.list(options);
  while (pages.hasNext) ids.push(...(await pages.nextItems()).map(({ sandboxId }) => sandboxId));
  return ids;
};

export const LISTING: Case[] = [
  everywhere("listing: by metadata, whatever is in it", async (sdk, world) => {
    const metadata = { run: randomUUID(), "key with &=% 😀": "value + %25 / ? 😀" };
    const sandbox = await world.create({ metadata });
    await world.create({ metadata: { run: metadata.run } });
    const [found, ...more] = await sdk.Sandbox.list({ query: { metadata } }).nextItems();
    assert.deepEqual([found?.sandboxId, more], [sandbox.sandboxId, []]);
    assert.deepEqual([found?.metadata, found?.state], [metadata, "running"]);
    assert.equal((await idsOf(sdk, { query: { metadata: { run: metadata.run } } })).length, 2);
    assert.deepEqual(await idsOf(sdk, { query: { metadata: { run: "other" } } }), []);
  }),

  inFull("listing: by state", async (sdk, world) => {
    const metadata = { run: randomUUID() };
    const running = await world.create({ metadata });
    const paused = await world.create({ metadata });
    await paused.pause();
    const by = (state?: ("running" | "paused")[]) => idsOf(sdk, { query: { metadata, state } });
    assert.deepEqual(await by(["running"]), [running.sandboxId]);
    assert.deepEqual(await by(["paused"]), [paused.sandboxId]);
    const both = [running.sandboxId, paused.sandboxId].toSorted();
    assert.deepEqual((await by()).toSorted(), both);
    assert.deepEqual((await by(["running", "paused"])).toSorted(), both);
  }),

  inFull("listing: page by page", async (sdk, world) => {
    const metadata = { run: randomUUID() };
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.push((await world.create({ metadata })).sandboxId);
    const pages = sdk.Sandbox.list({ query: { metadata }, limit: 2 });
    const first = await pages.nextItems();
    assert.deepEqual([first.length, pages.hasNext], [2, true]);
    assert.equal(typeof pages.nextToken, "string");
    const second = await pages.nextItems();
    assert.deepEqual([second.length, pages.hasNext], [1, false]);
    const ids = [...first, ...second].map(({ sandboxId }) => sandboxId);
    assert.deepEqual(ids.toSorted(), made.toSorted());
    await assert.rejects(pages.nextItems(), /No more items/);
  }),

  inFull("listing: in both orders, from a page on", async (sdk, world) => {
    const metadata = { run: randomUUID() };
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.push((await world.create({ metadata })).sandboxId);
    const query = { metadata };
    assert.deepEqual(await idsOf(sdk, { query, order: "asc", limit: 1 }), made);
    assert.deepEqual(await idsOf(sdk, { query, order: "desc", limit: 2 }), made.toReversed());
    const pages = sdk.Sandbox.list({ query, order: "asc", limit: 1 });
    await pages.nextItems();
    const { nextToken } = pages;
    assert.deepEqual(await idsOf(sdk, { query, order: "asc", limit: 5, nextToken }), made.slice(1));
  }),

  inFull("listing: by template and by start", async (sdk, world) => {
    const metadata = { run: randomUUID() };
    const sandbox = await world.create({ metadata });
    const { templateId, startedAt } = await sandbox.getInfo();
    const found = (query: object) => idsOf(sdk, { query: { metadata, ...query } });
    for (const template of [templateId, "base", "minimal"]) {
      assert.deepEqual(await found({ template }), [sandbox.sandboxId], template);
    }
    assert.deepEqual(await found({ template: "no-such-template" }), []);
    assert.deepEqual(await found({ startedAfter: new Date(startedAt.getTime() - 60_000) }), [
      sandbox.sandboxId,
    ]);
    assert.deepEqual(await found({ startedAfter: new Date(startedAt.getTime() + 60_000) }), []);
  }),
];
