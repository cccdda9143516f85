/** A snapshot's way from one real agent to another: whole or not at all, and nothing sent twice. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { ExportTemplateResponse } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { newId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import { createSandbox, MINIMAL, shell, TEAM } from "../support/sandboxes.ts";
import { copyMessages, copyTemplate, importInto, type TemplateKey } from "../support/template-copy.ts";

let source: TestAgent;
let target: TestAgent;
let template: TemplateKey;

/** A snapshot of a sandbox in which a counter runs. */
const makeSnapshot = async (prepare = "true"): Promise<TemplateKey> => {
  const sandboxId = await createSandbox(source);
  await shell(source, sandboxId, prepare);
  await shell(
    source,
    sandboxId,
    "(n=0; while :; do n=$((n+1)); echo $n >/tmp/count; sleep 0.1; done) >/dev/null 2>&1 </dev/null & disown; sleep 1",
  );
  const key = { teamId: TEAM, templateId: newId() };
  await source.host.createSnapshot({ sandboxId, template: { ...key, template: "counting" } });
  await source.host.destroySandbox({ sandboxId });
  return key;
};

beforeAll(async () => {
  source = await TestAgent.start();
  target = await TestAgent.start();
  template = await makeSnapshot();
}, 300_000);

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

const holds = async (agent: TestAgent, { templateId }: TemplateKey): Promise<boolean> =>
  (await agent.host.listTemplates({})).templates.some(({ ref }) => ref?.templateId === templateId);

test("a process of the snapshot goes on in a sandbox of the other host", async () => {
  const t = performance.now();
  const answer = await copyTemplate(source, target, template);
  console.log("copied in", performance.now() - t);
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ name: "counting" })]);
  expect(await holds(target, template)).toBe(true);
  const sandboxId = await createSandbox(target, { template });
  const count = async () => Number((await shell(target, sandboxId, "cat /tmp/count")).stdout);
  const before = await count();
  expect(before).toBeGreaterThan(3);
  await shell(target, sandboxId, "sleep 1");
  expect(await count()).toBeGreaterThan(before);
  await shell(
    target,
    sandboxId,
    "ls -lR /opt/wrenn >/dev/null && find / -xdev -type f | head -3000 | xargs cat >/dev/null",
  );
  expect((await shell(target, sandboxId, "dmesg | grep -i -c 'ext4.*error'")).stdout.trim()).toBe("0");
  await target.host.destroySandbox({ sandboxId });
}, 120_000);
