/** What E2B's clients may call and Wrenn does not do: 501 each. One table, for the routes and their tests. */

export interface UnsupportedCall {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /** As the answer names it. */
  what: string;
}

const BUILDS = "Template builds";
const TAGS = "Template tags";
const VOLUMES = "Volumes";
const SECRETS = "Secrets";
const TEAMS = "Teams by API key";
const PUBLISHING = "Published templates";

export const UNSUPPORTED_CALLS: readonly UnsupportedCall[] = [
  { method: "POST", path: "/v3/templates", what: BUILDS },
  { method: "POST", path: "/v2/templates", what: BUILDS },
  { method: "POST", path: "/templates", what: BUILDS },
  { method: "GET", path: "/templates/:id", what: BUILDS },
  { method: "POST", path: "/templates/:id", what: BUILDS },
  { method: "POST", path: "/templates/:id/builds/:build", what: BUILDS },
  { method: "POST", path: "/v2/templates/:id/builds/:build", what: BUILDS },
  { method: "GET", path: "/templates/:id/builds/:build/status", what: BUILDS },
  { method: "GET", path: "/templates/:id/builds/:build/logs", what: BUILDS },
  { method: "GET", path: "/templates/:id/files/:hash", what: BUILDS },
  { method: "GET", path: "/templates/:id/tags", what: TAGS },
  { method: "POST", path: "/templates/tags", what: TAGS },
  { method: "DELETE", path: "/templates/tags", what: TAGS },
  { method: "PATCH", path: "/templates/:id", what: PUBLISHING },
  { method: "PATCH", path: "/v2/templates/:id", what: PUBLISHING },
  { method: "GET", path: "/volumes", what: VOLUMES },
  { method: "POST", path: "/volumes", what: VOLUMES },
  { method: "GET", path: "/volumes/:id", what: VOLUMES },
  { method: "DELETE", path: "/volumes/:id", what: VOLUMES },
  { method: "GET", path: "/secrets", what: SECRETS },
  { method: "POST", path: "/secrets", what: SECRETS },
  { method: "GET", path: "/secrets/:id", what: SECRETS },
  { method: "POST", path: "/secrets/:id", what: SECRETS },
  { method: "DELETE", path: "/secrets/:id", what: SECRETS },
  { method: "GET", path: "/teams", what: TEAMS },
  { method: "GET", path: "/teams/:id/metrics", what: TEAMS },
  { method: "GET", path: "/teams/:id/metrics/max", what: TEAMS },
];
