/**
 * What each route takes and answers, read off the server's own route schemas: types alone, no code of the
 * server's. A route is named as the documentation does, `"GET /v1/sandboxes/:id"`.
 */
import type { adminAuditRoutes } from "../../server/admin/audit-routes.ts";
import type { adminHostRoutes } from "../../server/admin/host-routes.ts";
import type { adminMonitorRoutes } from "../../server/admin/monitor-routes.ts";
import type { adminTeamRoutes } from "../../server/admin/team-routes.ts";
import type { adminUserRoutes } from "../../server/admin/user-routes.ts";
import type { auditRoutes } from "../../server/audit/routes.ts";
import type { hostLeavingRoutes } from "../../server/hosts/leaving-routes.ts";
import type { hostRoutes } from "../../server/hosts/routes.ts";
import type { keyRoutes } from "../../server/keys/routes.ts";
import type { identityRoutes } from "../../server/oauth/identity-routes.ts";
import type { hostSampleRoutes, sandboxSampleRoutes } from "../../server/samples/routes.ts";
import type { execRoutes } from "../../server/sandboxes/exec-routes.ts";
import type { fileRoutes } from "../../server/sandboxes/file-routes.ts";
import type { inspectRoutes, logRoutes } from "../../server/sandboxes/inspect-routes.ts";
import type { sandboxRoutes } from "../../server/sandboxes/routes.ts";
import type { memberRoutes } from "../../server/teams/member-routes.ts";
import type { ownTeamRoutes, teamRoutes } from "../../server/teams/routes.ts";
import type { snapshotRoutes, templateRoutes } from "../../server/templates/routes.ts";
import type { previewRoutes } from "../../server/traffic/preview-routes.ts";
import type { authRoutes } from "../../server/users/auth-routes.ts";
import type { meRoutes } from "../../server/users/me-routes.ts";
import type { searchRoutes } from "../../server/users/search-routes.ts";
import type { sessionRoutes } from "../../server/users/session-routes.ts";
import type { signInOptionsRoutes } from "../../server/users/sign-in-options-routes.ts";

/** The plugins whose routes the dashboard calls. The whole app at once is more than the type checker takes. */
type Plugin =
  | typeof adminAuditRoutes
  | typeof adminHostRoutes
  | typeof adminMonitorRoutes
  | typeof adminTeamRoutes
  | typeof adminUserRoutes
  | typeof auditRoutes
  | typeof hostLeavingRoutes
  | typeof hostSampleRoutes
  | typeof hostRoutes
  | typeof keyRoutes
  | typeof identityRoutes
  | typeof execRoutes
  | typeof fileRoutes
  | typeof inspectRoutes
  | typeof logRoutes
  | typeof previewRoutes
  | typeof sandboxRoutes
  | typeof sandboxSampleRoutes
  | typeof memberRoutes
  | typeof ownTeamRoutes
  | typeof teamRoutes
  | typeof snapshotRoutes
  | typeof templateRoutes
  | typeof authRoutes
  | typeof meRoutes
  | typeof searchRoutes
  | typeof sessionRoutes
  | typeof signInOptionsRoutes;

type Together<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

type Tree = Together<ReturnType<Plugin>["~Routes"]>;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The branch of the tree at a path, segment by segment. */
type At<Branch, Path extends string> = Path extends `/${infer Rest}`
  ? At<Branch, Rest>
  : Path extends `${infer Head}/${infer Rest}`
    ? Head extends keyof Branch
      ? At<Branch[Head], Rest>
      : never
    : Path extends keyof Branch
      ? Branch[Path]
      : never;

/** Every path of the tree that answers to some method. */
type Named<Branch, Path extends string = ""> = {
  [Key in keyof Branch & string]: Key extends Lowercase<Method>
    ? Branch[Key] extends { response: unknown }
      ? `${Uppercase<Key>} ${Path}`
      : never
    : Named<Branch[Key], `${Path}/${Key}`>;
}[keyof Branch & string];

/** `"POST /v1/auth/login"` and its like. */
export type RouteName = Extract<Named<Tree>, `${Method} /v1/${string}`>;

type RouteOf<Name extends RouteName> = Name extends `${infer Verb} ${infer Path}`
  ? At<Tree, Path> extends infer Found
    ? Lowercase<Verb> extends keyof Found
      ? Found[Lowercase<Verb>]
      : never
    : never
  : never;

type Part<Name extends RouteName, Key extends string> =
  RouteOf<Name> extends Record<Key, infer Value> ? Value : never;

type Success = 200 | 201 | 204;

/** The body of a route's success. */
export type Answer<Name extends RouteName> =
  Part<Name, "response"> extends infer Answers ? Answers[keyof Answers & Success] : never;

/** What a list's pages hold. */
export type Item<Name extends RouteName> = Answer<Name> extends { items: (infer One)[] } ? One : never;

export type Body<Name extends RouteName> = NonNullable<Part<Name, "body">>;
export type Query<Name extends RouteName> = NonNullable<Part<Name, "query">>;

type ParamNames<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamNames<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** The values of a path's `:names`. */
export type Params<Name extends RouteName> = Record<ParamNames<Name>, string>;
