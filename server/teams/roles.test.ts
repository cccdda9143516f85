import { describe, expect, test } from "bun:test";

import { TEAM_ROLES } from "../../db/constants.ts";
import { refuseMemberChange, requireRole } from "./roles.ts";

describe("refuseMemberChange", () => {
  test.each([
    ["owner", "owner", "owner_protected"],
    ["owner", "admin", null],
    ["owner", "member", null],
    ["admin", "owner", "owner_protected"],
    ["admin", "admin", null],
    ["admin", "member", null],
    ["member", "owner", "role_required"],
    ["member", "admin", "role_required"],
    ["member", "member", "role_required"],
  ] as const)("%s on %s: %p", (actor, target, code) => {
    expect(refuseMemberChange({ actor, target, what: "remove members" })?.code ?? null).toBe(code);
  });
});

describe("requireRole", () => {
  test.each([
    ["admin", ["owner", "admin"]],
    ["owner", ["owner"]],
  ] as const)("%s is had by %p", (least, allowed) => {
    const passing = TEAM_ROLES.filter((role) => {
      try {
        requireRole(role, least, "do it");
        return true;
      } catch {
        return false;
      }
    });
    expect(passing).toEqual([...allowed]);
  });
});
