/** A link that is under way when its session ends: no way in may be left behind. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { parseUserId } from "../../proto/ids.ts";
import { browserOf, GithubScene } from "../support/github-scene.ts";
import { beginLink, goToCallback, visit } from "../support/provider-sign-in.ts";
import { call, signUp } from "../support/server.ts";

let scene: GithubScene;
beforeAll(async () => {
  scene = await GithubScene.start();
}, 30_000);
afterAll(() => scene.stop());

test("a sign-out everywhere while the provider is being asked ends it", async () => {
  const victim = await signUp(scene.url);
  const thief = browserOf(scene.newPerson());
  const url = await beginLink(thief, { base: scene.url, token: victim.token, provider: "github" });
  const callback = await goToCallback(thief, url);
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  scene.github.odd.set("/api/v3/user", async (request) => {
    asked.resolve();
    await answered.promise;
    scene.github.odd.clear();
    return fetch(request.url, { headers: request.headers });
  });
  const end = visit(thief, callback);
  await asked.promise;
  const out = await call(scene.url, "/v1/me/sessions", { method: "DELETE", token: victim.token });
  expect(out.status).toBe(204);
  answered.resolve();
  expect(await end).toBe("flow_expired");
  const rows = await scene.server.database.sql`
    select 1 from oauth_identities where user_id = ${parseUserId(victim.userId)}`;
  expect(rows).toHaveLength(0);
});
