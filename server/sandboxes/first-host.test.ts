import { expect, test } from "bun:test";

import { invalidRequest, unavailable } from "../errors.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import type { Template } from "../templates/store.ts";
import { chooseFirst } from "./first-host.ts";

const HOST: HostEndpoint = { id: "one", address: "http://127.0.0.1:9", tlsCert: null };
const TEMPLATE: Template = {
  id: "template",
  teamId: "team",
  name: "any",
  type: "snapshot",
  vcpus: 1,
  memoryMb: 512,
  diskSizeMb: 5_120,
  sizeBytes: 1,
  runtimeId: "any",
  createdAt: new Date(0),
  state: "present",
  hosts: 1,
  copying: null,
  building: null,
};
const noHosts = () => unavailable("no_hosts_available", "No host can take this sandbox: it is a test.");

/** Gives these one after the other; nothing is left to copy to. */
const choosing = (...answers: (HostEndpoint | Error)[]) => ({
  next: async () => {
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error("asked too often");
    return answer;
  },
  copyTarget: async () => null,
});

/** Not reached where there is no target. */
const CONTEXT = {} as Parameters<typeof chooseFirst>[0];

test("a copy that comes to its end between two looks is found", async () => {
  expect(await chooseFirst(CONTEXT, TEMPLATE, choosing(noHosts(), HOST))).toBe(HOST);
});

test("what failed is told as it is at last", async () => {
  const first = chooseFirst(CONTEXT, TEMPLATE, choosing(noHosts(), noHosts()));
  await expect(first).rejects.toMatchObject({ code: "no_hosts_available" });
  const wrong = chooseFirst(CONTEXT, TEMPLATE, choosing(invalidRequest("vcpus", "maximum", "too many")));
  await expect(wrong).rejects.toMatchObject({ code: "invalid_request" });
});
