/** Fields that E2B knows and Wrenn does not: refused by name where they ask for something. */
import { invalidRequest } from "../errors.ts";

/** Nothing is asked for: absent, off, or a shell around nothing. */
const isEmpty = (value: unknown): boolean => {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isEmpty);
};

/** @param fields by the name the client knows, as `network.rules`. Throws 400 naming all that are not empty. */
export const refuseUnsupported = (fields: Record<string, unknown>): void => {
  const asked = Object.keys(fields).filter((name) => !isEmpty(fields[name]));
  if (asked.length === 0) return;
  const names = asked.join(", ");
  throw invalidRequest(names, "unsupported", `Not supported by this server, so leave it out: ${names}.`);
};
