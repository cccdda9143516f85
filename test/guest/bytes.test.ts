/** Bytes and names go through a real guest agent unchanged, in and out, whatever they are. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { EventType } from "../../proto/gen/filesystem/filesystem_pb.ts";
import { AWKWARD_BYTES, AWKWARD_NAMES } from "../support/awkward.ts";
import { begin, byPid, shell, until } from "./commands.ts";
import { FileClient, startInitialised, WITH_TOKEN } from "./file-client.ts";
import { canRunGuestAgent, type GuestAgent, USER } from "./guest-agent.ts";

const same = (a: ArrayBuffer | Uint8Array, b: Uint8Array): boolean => Buffer.from(a as Uint8Array).equals(b);

describe.skipIf(!canRunGuestAgent)("bytes and names through a guest agent", () => {
  let agent: GuestAgent;
  let files: FileClient;
  beforeAll(async () => {
    agent = await startInitialised();
    files = new FileClient(agent);
  });
  afterAll(() => agent?.stop());

  const asForm = async (name: string, content: Uint8Array<ArrayBuffer>): Promise<unknown> => {
    const form = new FormData();
    form.append("file", new Blob([content]), name);
    const response = await fetch(files.url({ username: USER.name }), {
      method: "POST",
      headers: WITH_TOKEN,
      body: form,
    });
    return response.json();
  };

  describe.each(AWKWARD_BYTES)("%s", (_, content) => {
    test("through a process", async () => {
      const client = agent.process();
      const { pid, rest } = await begin(client, { process: { cmd: "tee", args: ["/dev/stderr"] } });
      const input = { case: "stdin" as const, value: content };
      await client.sendInput({ process: byPid(pid), input: { input } });
      await client.closeStdin({ process: byPid(pid) });
      const { stdoutBytes, stderrBytes } = await rest;
      expect(same(stdoutBytes, content)).toBe(true);
      expect(same(stderrBytes, content)).toBe(true);
    });

    test("as a file: written as it is or as a form, read whole and packed, and by a program", async () => {
      expect((await files.put("content", content)).status).toBe(200);
      expect(same(await (await files.get("content")).arrayBuffer(), content)).toBe(true);
      const packed = await files.get("content", { "accept-encoding": "gzip" });
      const bytes = new Uint8Array(await packed.arrayBuffer());
      expect(same(content.length === 0 ? bytes : Bun.gunzipSync(bytes), content)).toBe(true);
      expect(await asForm("from-form", content)).toMatchObject([{ name: "from-form" }]);
      expect(await files.inside("cmp content from-form && wc -c < from-form")).toBe(`${content.length}\n`);
      const shown = await shell(agent.process(), "cat content");
      expect(same(shown.stdoutBytes, content)).toBe(true);
    });
  });

  test("writes of one byte each arrive in their order, in and out", async () => {
    const bytes = Uint8Array.from({ length: 600 }, (_, index) => (index * 7) % 256);
    const { pid, rest } = await begin(agent.process(), {
      process: { cmd: "dd", args: ["bs=1", "status=none"] },
    });
    for (const value of bytes) {
      const input = { case: "stdin" as const, value: Uint8Array.of(value) };
      await agent.process().sendInput({ process: byPid(pid), input: { input } });
    }
    await agent.process().closeStdin({ process: byPid(pid) });
    expect(same((await rest).stdoutBytes, bytes)).toBe(true);
    await files.put("twenty-thousand", crypto.getRandomValues(new Uint8Array(20_000)));
    const { stdoutBytes } = await shell(agent.process(), "dd if=twenty-thousand bs=1 status=none");
    expect(same(await (await files.get("twenty-thousand")).arrayBuffer(), stdoutBytes)).toBe(true);
  });

  test.each(AWKWARD_NAMES)("the name %j", async (name) => {
    const client = agent.filesystem();
    const place = `${USER.home}/named`;
    await client.makeDir({ path: place });
    const seen: string[] = [];
    const { watcherId } = await client.createWatcher({ path: place });
    const path = `${place}/${name}`;
    const content = Uint8Array.from(Buffer.from(name));
    expect(await (await files.put(path, content)).json()).toEqual([{ name, path, type: "file" }]);
    expect(await asForm(path, content)).toMatchObject([{ name, path }]);
    expect((await client.stat({ path })).entry).toMatchObject({ name, path });
    expect((await client.listDir({ path: place })).entries.map((entry) => entry.name)).toEqual([name]);
    expect(same(await (await files.get(path)).arrayBuffer(), content)).toBe(true);
    const argument = await agent.process().start({
      process: {
        cmd: "sh",
        args: ["-c", 'cat -- "$1"; printf %s "$1" "$NAME"', "sh", path],
        envs: { NAME: name },
      },
      stdin: false,
    });
    const said: Uint8Array[] = [];
    for await (const { event } of argument) {
      if (event?.event.case === "data" && event.event.value.output.case === "stdout")
        said.push(event.event.value.output.value);
    }
    expect(Buffer.concat(said).toString()).toBe(name + path + name);
    await until("the watcher tells of it", async () => {
      for (const event of (await client.getWatcherEvents({ watcherId })).events)
        if (event.type === EventType.CREATE) seen.push(event.name);
      return seen.length > 0;
    });
    expect(new Set(seen)).toEqual(new Set([name]));
    await client.removeWatcher({ watcherId });
    await client.move({ source: path, destination: `${USER.home}/moved/${name}` });
    expect((await client.listDir({ path: "moved" })).entries.map((entry) => entry.name)).toEqual([name]);
    await client.remove({ path: `moved/${name}` });
    expect((await client.listDir({ path: "moved" })).entries).toEqual([]);
    await client.remove({ path: place });
  });
});
