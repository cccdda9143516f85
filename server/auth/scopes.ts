/** Which API keys may use a route. */
import type { ApiKeyScope } from "../../db/constants.ts";
import type { KeyAccess } from "./context.ts";

/** `read` opens the GETs of a route that says so; everything else needs a scope of the route's own. */
export const scopeAllows = (
  held: readonly ApiKeyScope[],
  { scopes, readable = true, method }: KeyAccess & { method: string },
): boolean =>
  scopes.some((scope) => held.includes(scope)) || (readable && method === "GET" && held.includes("read"));
