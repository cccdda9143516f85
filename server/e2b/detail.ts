/** How a route of this surface is described. */
import { KEY_OR_TEAM } from "../docs/security.ts";

export const detail = (operationId: string, summary: string) => ({
  operationId: `e2b${operationId}`,
  summary,
  tags: ["e2b"],
  security: KEY_OR_TEAM,
});

/** What every operation on one sandbox may answer beside success. */
export const OPERATION_ERRORS = [400, 404, 409, 502, 503, 504] as const;
