import { expect, test } from "bun:test";

import { newId } from "../../proto/ids.ts";
import { Tokens, type UserClaims } from "./tokens.ts";

const KEY = new Uint8Array(32).fill(1);
const tokens = new Tokens({ instanceId: "one", userTokenKey: KEY, hostTokenKey: KEY });
const CLAIMS: UserClaims = {
  sub: newId(),
  sid: newId(),
  team_id: newId(),
  role: "member",
  name: "Ann",
  email: "ann@example.test",
  is_admin: false,
};
const verified = async (claims: Partial<UserClaims>) =>
  tokens.verifyUser((await tokens.signUser({ ...CLAIMS, ...claims })).token);

test("a user's token names user, session and team, or no team", async () => {
  const { sub: userId, sid: sessionId, team_id: teamId } = CLAIMS;
  expect(await verified({})).toEqual({ userId, sessionId, teamId });
  expect(await verified({ team_id: null })).toEqual({ userId, sessionId, teamId: null });
});

test.each(["sub", "sid", "team_id"] as const)("one whose %s is no UUID is not valid", async (claim) => {
  expect(await verified({ [claim]: "no UUID" })).toBeNull();
});
