/** The signed-in person's own account: name, password, sessions, logins at providers. */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Item } from "../api/routes.ts";
import { session } from "./session.ts";

export type SignIn = Item<"GET /v1/me/sessions">;
export type Identity = Item<"GET /v1/me/identities">;

export const renameMe = async (name: string): Promise<void> => {
  await call("PATCH /v1/me", { body: { name } });
  // The name stands in what the session knows.
  await session.renew();
};

/** @param current null for an account without a password. */
export const changePassword = (current: string | null, wanted: string): Promise<void> =>
  call("POST /v1/me/password", { body: { current_password: current, new_password: wanted } });

export const listSignIns = async (): Promise<readonly SignIn[]> => {
  const all: SignIn[] = [];
  let cursor: string | undefined;
  do {
    const page = await call("GET /v1/me/sessions", { query: { limit: 200, cursor } });
    all.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return all;
};

export const endSignIn = (id: string): Promise<void> =>
  call("DELETE /v1/me/sessions/:session_id", { params: { session_id: id } }).catch((error: unknown) => {
    // It has ended by itself meanwhile.
    if (!(error instanceof ApiFailure) || error.status !== 404) throw error;
  });

export const endOtherSignIns = (): Promise<void> =>
  call("DELETE /v1/me/sessions", { query: { keep_current: true } });

export const listIdentities = async (): Promise<readonly Identity[]> =>
  (await call("GET /v1/me/identities")).items;

/** Where the browser goes to connect a login there. */
export const beginLink = async (provider: string): Promise<string> =>
  (await call("POST /v1/me/identities/:provider", { params: { provider } })).url;

export const unlink = (provider: string): Promise<void> =>
  call("DELETE /v1/me/identities/:provider", { params: { provider } });
