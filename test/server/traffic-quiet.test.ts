/** Streams on which nobody says anything for long: they stay open. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { PROGRAM_PORT, TrafficScene } from "../support/traffic-scene.ts";
import { addressed, dialThrough, trafficFetch } from "../support/traffic.ts";
import { waitFor } from "../support/wait-for.ts";

const isSoak = process.env["WRENN_TEST_SOAK"] === "1";
/** Longer than the ten seconds after which Bun closes what is quiet; in `soak`, than all its other limits. */
const QUIET_MS = isSoak ? 600_000 : 15_000;
const STREAMS = 50;
const SOCKETS = 10;

let scene: TrafficScene;
let id: string;
beforeAll(async () => {
  scene = await TrafficScene.start();
  id = await scene.api.create();
});
afterAll(() => scene[Symbol.asyncDispose]());

const readerOf = async (answer: Response) => {
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error("the answer has no body");
  const hear = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
  expect(await hear()).toBe("quiet\n");
  return { hear, leave: () => reader.cancel() };
};

test(
  "streams and WebSockets stay open, by headers and by preview",
  async () => {
    const key = { "x-api-key": scene.api.apiKey };
    const prefix = `/preview/${id}/${PROGRAM_PORT}`;
    const streams = await Promise.all(
      Array.from({ length: STREAMS }, async (_, index) => {
        const answer =
          index % 2 === 0
            ? await trafficFetch(scene.url, {
                sandboxId: id,
                port: PROGRAM_PORT,
                path: "/quiet",
                headers: key,
                timeout: false,
              })
            : await fetch(`${scene.previews}${prefix}/quiet`, { headers: key, timeout: false });
        return readerOf(answer);
      }),
    );
    const echoes: unknown[] = [];
    const sockets = await Promise.all(
      Array.from({ length: SOCKETS }, async (_, index) => {
        const socket =
          index % 2 === 0
            ? await dialThrough(scene.url, "/socket", { headers: { ...key, ...addressed(id, PROGRAM_PORT) } })
            : await dialThrough(scene.previews, `${prefix}/socket`, { headers: key });
        socket.addEventListener("message", ({ data }) => echoes.push(data));
        return socket;
      }),
    );
    const sinceMs = performance.now();
    await waitFor("a long silence", () => performance.now() - sinceMs > QUIET_MS, QUIET_MS + 10_000, 100);
    scene.program.speak();
    const heard = await Promise.all(streams.map(({ hear }) => hear()));
    expect(new Set(heard)).toEqual(new Set(["spoken\n"]));
    for (const socket of sockets) socket.send("still there");
    await waitFor("the echoes", () => echoes.length === SOCKETS, 20_000);
    await Promise.all(streams.map(({ leave }) => leave()));
    for (const socket of sockets) socket.close();
  },
  QUIET_MS + 60_000,
);
