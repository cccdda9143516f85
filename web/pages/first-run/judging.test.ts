/** What is said of hosts and template before the first sandbox, from what the API tells of them. */
import { describe, expect, test } from "bun:test";

import type { Host, HostDetail } from "../../state/hosts.ts";
import type { Template } from "../../state/templates.ts";
import { audienceOf } from "./audience.ts";
import { judgeHosts } from "./judge-hosts.ts";
import { judgeTemplate, judgeUnseen } from "./judge-template.ts";
import { whomToAsk } from "./whom-to-ask.ts";

const host = (name: string, fields: Partial<Host> = {}): Host =>
  ({ id: name, name, status: "online", reachable: true, draining: false, ...fields }) as Host;

describe("of several hosts the best counts", () => {
  const pending = host("pending", { status: "pending", reachable: false });
  const lost = host("lost", { status: "unreachable" });
  const draining = host("draining", { draining: true });
  const silent = host("silent", { reachable: false });
  const online = host("online");

  test.each([
    [[pending, lost, draining, silent, online, host("later")], "online", "online"],
    [[pending, lost, draining, silent], "silent", "silent"],
    [[pending, lost, draining], "draining", "draining"],
    [[pending, lost], "unreachable", "lost"],
    [[pending], "pending", "pending"],
    // Lost counts for more than draining.
    [[host("both", { status: "unreachable", draining: true })], "unreachable", "both"],
  ])("%#", (hosts, kind, name) => {
    expect(judgeHosts(hosts)).toMatchObject({ kind, host: { name } });
  });

  test("or there is none", () => {
    expect(judgeHosts([])).toEqual({ kind: "none" });
  });
});

describe("the template", () => {
  const template = (fields: Partial<Template> = {}): Template =>
    ({ name: "minimal", hosts: 0, building: null, ...fields }) as Template;
  const detail = (fields: Partial<HostDetail> = {}): HostDetail =>
    ({ templates: [], work: [], ...fields }) as unknown as HostDetail;
  const work = (progress: number, error = "", subject = "minimal") => [
    { kind: "template_build", subject, step: "packages", progress, error },
  ];

  test.each([
    [null, undefined, { kind: "unknown" }],
    [null, template({ building: 0.25 }), { kind: "building", progress: 0.25, step: "" }],
    [detail(), template(), { kind: "due" }],
    [detail({ work: work(0.5, "", "another") }), template(), { kind: "due" }],
    // Whatever is further: a beat may be older than the answer, or newer.
    [
      detail({ work: work(0.5) }),
      template({ building: 0.25 }),
      { kind: "building", progress: 0.5, step: "packages" },
    ],
    [
      detail({ work: work(0.5) }),
      template({ building: 0.75 }),
      { kind: "building", progress: 0.75, step: "packages" },
    ],
    [detail({ work: work(0.5, "no mirror") }), template(), { kind: "failed", error: "no mirror" }],
    [detail({ templates: ["minimal"], work: work(0.5, "earlier") }), template(), { kind: "there" }],
  ])("%#, as a host tells it", (told, listed, stage) => {
    expect(judgeTemplate(told, listed)).toEqual(stage as ReturnType<typeof judgeTemplate>);
  });

  test.each([
    [undefined, { kind: "unknown" }],
    [template(), { kind: "due" }],
    [template({ building: 0.25 }), { kind: "building", progress: 0.25, step: "" }],
    [template({ building: 0.25, hosts: 1 }), { kind: "there" }],
  ])("%#, to those who see no hosts", (listed, stage) => {
    expect(judgeUnseen(listed)).toEqual(stage as ReturnType<typeof judgeUnseen>);
  });
});

test("who looks after the hosts sees them", () => {
  const of = (isAdmin: boolean, isByoc: boolean, role: "owner" | "member") =>
    audienceOf({ isAdmin }, { is_byoc: isByoc, role });
  expect(of(true, false, "member")).toEqual({ kind: "platform", href: "/admin/hosts" });
  expect(of(false, false, "owner")).toEqual({ kind: "guest" });
  expect(of(false, true, "owner")).toEqual({ kind: "team", href: "/dashboard/byoc" });
  expect(of(false, true, "member")).toEqual({ kind: "guest" });
  expect(of(true, true, "member")).toEqual({ kind: "team", href: "/admin/hosts?tab=byoc" });
});

test("whom to ask: owner and admins, a few of them", () => {
  const person = (name: string, role: "owner" | "admin" | "member") =>
    ({ name, email: `${name}@example.com`, role }) as Parameters<typeof whomToAsk>[0][number];
  const all = [person("Ada", "owner"), person("Bo", "admin"), person("Cy", "admin"), person("Di", "admin")];
  expect(whomToAsk([])).toBe("");
  expect(whomToAsk([person("Eve", "member")])).toBe("");
  expect(whomToAsk([person("Ada", "owner"), person("Eve", "member")])).toBe("Ada");
  expect(whomToAsk(all.slice(0, 2))).toBe("Ada or Bo");
  expect(whomToAsk(all)).toBe("Ada, Bo or Cy");
});
