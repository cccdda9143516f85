/**
 * Every route × who calls × what happened to them before: each cell over HTTP, each against a world of its
 * own. What passes and how the rest is refused is in `access/doors.ts`; pairs without a meaning, with the
 * reason, in `access/cells.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { createApp } from "../../server/app.ts";
import { startTestServer } from "../support/server.ts";
import type { TestServer } from "../support/server.ts";
import { openSocket } from "../support/upgrade.ts";
import { type Actor, ACTORS, excluded, type State, STATES } from "./access/cells.ts";
import { type Expectation, expectation } from "./access/doors.ts";
import type { RouteCase } from "./access/route-case.ts";
import { LEFT_OUT, ROUTES } from "./access/routes.ts";
import { buildWorld, type World } from "./access/world.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test("every route is in the matrix, or left out with a reason", () => {
  const registered = createApp(server.server.services).routes.map(({ method, path }) => `${method} ${path}`);
  const known = [...Object.keys(ROUTES), ...Object.keys(LEFT_OUT)];
  expect(registered.toSorted((a, b) => a.localeCompare(b))).toEqual(
    known.toSorted((a, b) => a.localeCompare(b)),
  );
});

interface Outcome {
  status: number;
  code: string;
}

const send = async (name: string, route: RouteCase, world: World): Promise<Outcome> => {
  const [method = ""] = name.split(" ");
  const { path, body } = route.call(world);
  if (method === "WS") return openSocket(`${server.url}${path}`, world.headers);
  const response = await fetch(`${server.url}${path}`, {
    method,
    redirect: "manual",
    headers: { ...world.headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // E2B's clients are told the status alone.
  const code = /^\{"code":(\d+),|"error":\{"code":"([a-z_]+)"/.exec(text)?.slice(1).join("") ?? "";
  return { status: response.status, code };
};

/** E2B's errors have their status for a code. */
const withoutCode = (expected: Expectation): string => expected.replace(/^(\d+) .*$/, "$1 $1");

const describeOutcome = ({ status, code }: Outcome, route: RouteCase): string =>
  route.passed.includes(status) ? "passes" : `${status} ${code}`;

/** Mismatches of one actor in one state, over all routes. */
const walk = async (actor: Actor, state: State): Promise<string[]> => {
  const wrong: string[] = [];
  let world = await buildWorld(server, actor, state);
  for (const [name, route] of Object.entries(ROUTES)) {
    const told = expectation(actor, state, route.door);
    const expected = route.isE2b ? withoutCode(told) : told;
    const found = describeOutcome(await send(name, route, world), route);
    if (found !== expected) wrong.push(`${name}: expected ${expected}, found ${found}`);
    if (route.changes && found === "passes") world = await buildWorld(server, actor, state);
  }
  return wrong;
};

describe.each([...ACTORS])("%s", (actor) => {
  for (const state of STATES) {
    if (excluded(actor, state) !== null) continue;
    test(`${state}: every route`, async () => expect(await walk(actor, state)).toEqual([]), 60_000);
  }
});

test("the pairs without a meaning, listed with the reason", () => {
  const pairs = ACTORS.flatMap((actor) =>
    STATES.map((state) => ({ actor, state, reason: excluded(actor, state) })),
  );
  const listed = pairs.flatMap(({ actor, state, reason }) =>
    reason === null ? [] : [`${actor}, ${state}: ${reason}`],
  );
  expect(listed).toMatchSnapshot();
});
