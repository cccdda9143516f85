/** What the package offers and the server does not: said plainly, never ignored. */
import assert from "node:assert/strict";

import type { SandboxOpts } from "e2b";

import { type Case, inFull, newest } from "../program/case.ts";
import { fails } from "./expect.ts";
import { unknownId } from "./sandboxes.ts";

export const ABSENT: Case[] = [
  inFull("absent: options are refused by name", async (sdk, world) => {
    const create = (options: SandboxOpts) => world.create(options);
    const rules = { "example.com": [{ transform: { headers: { "x-a": "b" } } }] };
    await fails(create({ network: { rules } }), sdk.SandboxError, /^400.*rules/s);
    const egressProxy = { address: "proxy.example.com:1080" };
    await fails(create({ network: { egressProxy } }), sdk.SandboxError, /^400.*egressProxy/s);
    await fails(create({ volumeMounts: { "/data": "volume" } }), sdk.SandboxError, /^400.*volumeMounts/s);
    const tokens = { aws: { audience: "sts.example.com", tokenType: "JWT-SVID" } };
    await fails(create({ iam: { tokens } }), sdk.SandboxError, /^400.*iam/s);
    const mcp = { github: { githubPersonalAccessToken: "x" } } as unknown as SandboxOpts["mcp"];
    await fails(create({ mcp }), sdk.SandboxError, /^400.*mcp/s);
    await fails(create({ network: { maskRequestHost: "x" } }), sdk.SandboxError, /^400.*maskRequestHost/s);
    await fails(create({ network: { allowOut: ["example.com"] } }), sdk.SandboxError, /^400/);
  }),

  newest("absent: ports that speak TLS inside are refused by name", async (sdk, world) => {
    const created = world.create({ network: { httpsPorts: [3000] } });
    await fails(created, sdk.SandboxError, /^400.*httpsPorts/s);
  }),

  inFull("absent: template builds and tags", async (sdk) => {
    const template = sdk.Template().fromImage("debian:12");
    await fails(sdk.Template.build(template, "own-template", { skipCache: true }), Error, /501/);
    await fails(sdk.Template.buildInBackground(template, "own-template"), Error, /501/);
    const build = { templateId: unknownId(), buildId: crypto.randomUUID() };
    await fails(sdk.Template.getBuildStatus(build), Error, /501/);
    await fails(sdk.Template.getTags(unknownId()), Error, /501/);
    await fails(sdk.Template.assignTags("base", "v1"), Error, /501/);
    await fails(sdk.Template.removeTags("base", "v1"), Error, /501/);
    assert.equal(await sdk.Template.exists("base"), true);
    assert.equal(await sdk.Template.exists("no-such-template"), false);
  }),

  inFull("absent: volumes and secrets", async (sdk) => {
    await fails(sdk.Volume.list(), Error, /^501/);
    await fails(sdk.Volume.create("data"), Error, /^501/);
    await fails(sdk.Volume.connect(unknownId()), Error, /^501/);
    await fails(sdk.Secret.list().nextItems(), Error, /^501/);
    await fails(sdk.Secret.create("name", "value"), Error, /^501/);
    await fails(sdk.Secret.getInfo("name"), Error, /^501/);
    await fails(sdk.Secret.update("name", "value"), Error, /^501/);
    await fails(sdk.Secret.exists("name"), Error, /^501/);
    await fails(sdk.Secret.destroy("name"), Error, /^501/);
  }),
];
