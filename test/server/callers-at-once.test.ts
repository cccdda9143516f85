/** Requests that come together have their callers looked up together: each is answered as who it is, and no other. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import {
  call,
  createKey,
  signUp,
  startTestServer,
  type TestPerson,
  type TestServer,
} from "../support/server.ts";

const PEOPLE = 12;

let server: TestServer;
let people: (TestPerson & { apiKey: string })[];

beforeAll(async () => {
  server = await startTestServer();
  people = await Promise.all(
    Array.from({ length: PEOPLE }, async () => {
      const person = await signUp(server.url);
      return { ...person, apiKey: await createKey(server.url, person) };
    }),
  );
});
afterAll(() => server.stop());

test("people, their teams, keys, and credentials that are not good", async () => {
  const [gone] = people;
  if (gone === undefined) throw new Error("nobody has signed up");
  const ended = await call(server.url, "/v1/auth/logout", {
    method: "POST",
    headers: { cookie: gone.cookie },
  });
  expect(ended.status).toBe(204);
  const unknown = `wrn_${"0".repeat(32)}`;
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(
      people.flatMap(({ token, teamId, apiKey }, index) => [
        call(server.url, "/v1/me", { token }),
        call(server.url, `/v1/teams/${teamId}`, { token }),
        // Somebody else's team.
        call(server.url, `/v1/teams/${people[(index + 1) % PEOPLE]?.teamId}`, { token }),
        call(server.url, "/v1/sandboxes", { apiKey }),
        call(server.url, "/v1/sandboxes", { apiKey: unknown }),
      ]),
    );
    const seen = answers.map(({ status, body }) => [status, body["email"] ?? body["id"]]);
    expect(seen).toEqual(
      people.flatMap(({ userId, email, teamId }) =>
        userId === gone.userId
          ? [
              [401, undefined],
              [401, undefined],
              [401, undefined],
              [200, undefined],
              [401, undefined],
            ]
          : [
              [200, email],
              [200, teamId],
              [403, undefined],
              [200, undefined],
              [401, undefined],
            ],
      ),
    );
  }
});
