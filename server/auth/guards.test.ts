import { expect, test } from "bun:test";

import { Elysia } from "elysia";

import { createGuards, type GuardDeps } from "./guards.ts";

/** None of them is asked: the framework reads a guard's own text to know what it needs. */
const guards = createGuards({} as GuardDeps);
const app = () => new Elysia({ normalize: false });

test.each([
  ["user", app().derive(guards.user)],
  ["team", app().derive(guards.team)],
  ["member", new Elysia({ prefix: "/teams/:id", normalize: false }).derive(guards.member)],
  ["keyOrTeam", app().derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))],
  ["admin", app().derive(guards.admin)],
  ["host", app().derive(guards.host)],
])("%s has the framework prepare neither cookies nor all headers", (_, behind) => {
  expect(behind["inference"]).toMatchObject({ set: true, cookie: false, headers: false, body: false });
});
