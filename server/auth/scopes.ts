/** Which API keys may use a route. */
import type { ApiKeyScope } from "../../db/constants.ts";
import type { KeyAccess } from "./context.ts";

/** `read` opens the GETs of a route that says so; everything else needs the route's own scope. */
export const scopeAllows = (
  scopes: readonly ApiKeyScope[],
  { scope, readable = true, method }: KeyAccess & { method: string },
): boolean => scopes.includes(scope) || (readable && method === "GET" && scopes.includes("read"));
