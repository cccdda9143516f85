/** What a provider says of its refusals. Its words are for the log, never for the address of a page. */
import { AuthorizationResponseError, ResponseBodyError } from "oauth4webapi";

import type { LogFields } from "../log.ts";

const MAX_TEXT = 200;

/** The person pressed "cancel" there. */
export const isDenied = (error: unknown): boolean =>
  error instanceof AuthorizationResponseError && error.error === "access_denied";

/** Code and description of an OAuth error, for whoever set the provider up; nothing for other failures. */
export const describeFailure = (error: unknown): LogFields => {
  if (!(error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)) return {};
  return {
    oauth_error: error.error.slice(0, MAX_TEXT),
    oauth_description: error.error_description?.slice(0, MAX_TEXT),
  };
};
