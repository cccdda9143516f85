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

/** A server that would begin a copy, which ends like this. */
const copying = (done: Promise<void>) => {
  const begun: string[] = [];
  const begin = async ({ target }: { target: HostEndpoint }) => {
    begun.push(target.id);
    return { done, progress: 0 };
  };
  return { begun, context: { copies: { begin } } as unknown as Parameters<typeof chooseFirst>[0] };
};

test("a host that holds the template is taken as it is", async () => {
  const { begun, context } = copying(Promise.resolve());
  const chooser = { nextOrTarget: async () => ({ host: HOST, holdsTemplate: true }) };
  expect(await chooseFirst(context, TEMPLATE, chooser)).toBe(HOST);
  expect(begun).toEqual([]);
});

test("another one is brought it first, and what fails in that is told", async () => {
  const chooser = { nextOrTarget: async () => ({ host: HOST, holdsTemplate: false }) };
  const { begun, context } = copying(Promise.resolve());
  expect(await chooseFirst(context, TEMPLATE, chooser)).toBe(HOST);
  expect(begun).toEqual(["one"]);
  const failing = Promise.reject(new Error("it is full"));
  await expect(chooseFirst(copying(failing).context, TEMPLATE, chooser)).rejects.toMatchObject({
    code: "no_hosts_available",
    message: expect.stringContaining("it is full"),
  });
});

test("what no host can take is refused as the choice said", async () => {
  for (const error of [
    unavailable("no_hosts_available", "No host can take this sandbox: it is a test."),
    invalidRequest("vcpus", "maximum", "too many"),
  ]) {
    const chooser = { nextOrTarget: () => Promise.reject(error) };
    const { begun, context } = copying(Promise.resolve());
    await expect(chooseFirst(context, TEMPLATE, chooser)).rejects.toBe(error);
    expect(begun).toEqual([]);
  }
});
